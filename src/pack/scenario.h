// Scenarios of a pack (scenarios/*.yaml): given, when, then, with people of a demo world. This reads and checks the
// form; the runner (facility) plays them. Names are left as written: the runner resolves people, units and entries.
//
//   scenario: 时限届满前申请延期，届满后同意，不算逾期
//   clause: 第十三条（三）                     # or a list
//   shows: [HL-36, HL-37]
//   world: chongqing
//   case: request                            # needed where the first step opens a case
//   given: {after: 派发给区县}                # needed where it does not
//   given: {after: …, parameters: {late_return: refuse}}   # with another value of a parameter than the pack's
//   steps:
//     - {at: 2021-03-22 16:00 星期一, who: 赵六（渝中区规划局）, does: ask_extension, with: {more: 5 工作日}, then:
//     {…}}
//     - {at: 2021-03-23 00:30, nothing: happens, then: {not_late: [handling]}}
//   views: [{who: 孙八（渝北区政府）, sees: nothing}, {who: 李四（渝中区政府）, sees: [content], not: [phone]}]
//     (`who` may be a list of people; fields or whole groups)
//   examples: [{at: 2021-02-05 16:20, kind: consultation, due: 2021-02-18, why: 补班日计入}]   # or examples:
//   limits.csv
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/date.h"
#include "feel/value.h"
#include "pack/fault.h"
#include "pack/model.h"
#include "pack/yaml.h"

namespace tongban::pack {

// Who takes a step or looks. "赵六（渝中区规划局）" person; 来电人 caller; 市民 anyone; 计时, and `nothing: happens`,
// timer.
struct ScenarioActor {
  enum class Kind { person, caller, anyone, timer } kind = Kind::person;
  std::string text;    // as written
  std::string person;  // 赵六
  std::string unit;    // 渝中区规划局; empty when not written
};

// What must be true after a step. Everything not written is not asked.
struct Expectation {
  std::optional<std::string> state, outcome, holder;      // state id, Outcome::id, role id
  std::optional<std::string> asked;                       // the unit or role that an ask waits for; "none": no open ask
  std::vector<std::pair<std::string, std::string>> due;   // clock → 2021-03-22, or an instant, or "none"
  std::vector<std::pair<std::string, std::string>> sent;  // letter → role title or id
  // What working-day functions counted: letter, decision, field or condition → 2021-03-22, or 2021-03-22 暂定.
  std::vector<std::pair<std::string, std::string>> counted;
  std::vector<std::pair<std::string, std::vector<std::string>>> assigned;  // assignment → unit names; {} for "none"
  std::vector<std::pair<std::string, feel::Value>> fields;                 // case field → value (texts, lists)
  std::vector<std::string> basis;             // clauses among the bases of the step's events
  std::vector<std::string> late, not_late;    // clock ids
  std::vector<std::string> running, stopped;  // clock ids: runs (not claimed, paused or over); over, or never started
  std::vector<std::pair<std::string, std::string>> force;  // clock → statutory, promise or target
  std::optional<std::vector<std::string>> holders;         // role ids: these hold the case and nobody else
  std::vector<std::string> flags, not_flags;
  std::vector<std::string> opened;  // linked case types opened in consequence
  std::vector<Source> sources;      // one: where `then` stands
};

struct ScenarioStep {
  Instant at;
  ScenarioActor who;
  bool nothing = false;  // `nothing: happens`: time passes
  std::string does;      // action id, or "open"
  std::string on;        // assignment or link where the actor holds several, or the linked case type
  std::vector<std::pair<std::string, feel::Value>> with;  // form field → texts, lists of texts, contexts of texts
  Expectation then;
  bool has_then = false;
  Expectation here;  // `here:` after a step on a linked case: of the case that the scenario is about
  bool has_here = false;
  std::optional<std::string> rejected;  // the start of the rejection's sentence
  Source source;
};

struct ScenarioView {
  ScenarioActor who;
  bool sees_nothing = false;          // the case is "not there" for them
  std::vector<std::string> sees;      // ids of fields or groups they must see
  std::vector<std::string> not_sees;  // ids of fields or groups they must not
  Source source;
};

struct ScenarioExample {  // one row of a table of examples
  std::optional<Instant> at;
  std::vector<std::pair<std::string, feel::Value>> values;  // case or form fields
  std::vector<std::pair<std::string, std::string>> due;     // clock → date; `due: 2021-02-18` has the clock ""
  std::string why;
  Source source;
};

struct Scenario {
  std::string name;
  std::vector<std::string> clauses;
  std::vector<std::string> shows;  // requirement ids
  std::string world;
  std::string case_type;
  std::string after;  // name of the scenario it goes on from; empty: starts from nothing
  // Parameters with another value than the pack's, here and in what goes on from here.
  std::vector<std::pair<std::string, std::string>> parameters;
  bool start = false;  // nothing is given: it opens its case itself
  std::vector<ScenarioStep> steps;
  std::vector<ScenarioView> views;
  std::vector<ScenarioExample> examples;
  Source source;
};

ScenarioActor parse_actor(std::string_view text);

// One file, one or more documents. Faults are added: unknown keys, instants that are none, a weekday that is not that
// day's, a missing `given`, steps out of order.
// `directory` is where CSV files of examples are read from.
std::vector<Scenario> parse_scenarios(const std::string& file, std::string_view text, std::vector<Fault>& faults,
                                      const std::string& directory = "");

// All scenarios/*.yaml of a pack, in order of file name, so that every `given: {after: …}` stands after what it names
// (the order is mended when files are not in that order). Further faults: a name twice, an `after` that names nothing
// or itself in a circle.
std::vector<Scenario> load_scenarios(const std::string& pack_directory, std::vector<Fault>& faults);

// The value that `given: {parameters: …}` states, of the kind of the pack's own; nullopt: it is none.
std::optional<feel::Value> parameter_value(const Parameter& parameter, std::string_view text);

// Names in scenarios that the pack does not have: actions, form fields, clocks, letters, states, case types, clauses.
void check_scenarios(const Pack& pack, const std::vector<Scenario>& scenarios, std::vector<Fault>& faults);

}  // namespace tongban::pack
