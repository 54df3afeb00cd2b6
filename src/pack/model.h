// What a policy pack says, as immutable values. Made by pack/load.h from files, checked, and then read by the kernel
// from any thread. The file formats stand in docs/formats; each struct names the YAML it comes from. Vectors keep the
// order of the file; ids are unique within their list.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/date.h"
#include "calendar/calendar.h"
#include "dmn/table.h"
#include "feel/feel.h"

namespace tongban::pack {

struct Source {  // where something stands in the pack's files, for messages
  std::string file;
  int line = 0;
};

// Why something is so. A product act (withdrawing a draft, voiding a mistake) has no clause: none is invented.
enum class BasisKind { clause, law, reading, parameter, product };
struct Basis {
  BasisKind kind = BasisKind::clause;
  std::string document;  // whole 发文字号 or title of the law; empty for product
  std::string clause;    // 第十三条（二）
  int reading = 0;       // number of our reading in docs/document_issues.md; 0: none
  bool operator==(const Basis&) const = default;
};
std::string to_text(const Basis& basis);  // "渝府办发〔2021〕8号 第十三条（二）"; product: "系统功能"

// One FEEL expression over the scope of its action.
struct Formula {
  std::string text;
  feel::Expression expression;
  Source source;
};

enum class Force { statutory, promise, target };  // 法定, 承诺, 力争

// A length of time that a document states: `15 工作日`.
struct Limit {
  int64_t n = 0;
  calendar::Unit unit = calendar::Unit::working_days;
  bool operator==(const Limit&) const = default;
};
// Accepts "15 工作日", "5 个工作日", "24 小时", "30 分钟", "10 日"/"10 自然日" (calendar days), "2 个月"; also {n,
// unit} contexts.
std::optional<Limit> parse_limit(std::string_view text);
std::optional<Limit> limit_of(const feel::Value& value);
feel::Value to_value(const Limit& limit);  // context {n: 15, unit: "working_days"}
std::string to_text(const Limit& limit);   // "15 个工作日"

// --- fields ---------------------------------------------------------------------------------------------------------

enum class FieldKind {
  text,
  long_text,
  number,
  yes_no,
  date,
  instant,
  limit,
  phone,
  one_of,
  entry,
  file,
  other_case,  // `is: case`: the number or id of another case, which the act's `other` names
};

// `kind: {title: 类别, is: one of, values: {consultation: 咨询}, group: matter, clause: 第八条}`
// As part of a form: `text: long text`, `lead: {is: entry of units, suggest: routing.lead}`, `content: field`.
struct Field {
  std::string id;
  std::string title, title_en;
  std::string help, help_en;
  FieldKind kind = FieldKind::text;
  bool list = false;                                        // list of …
  std::vector<std::pair<std::string, std::string>> values;  // one_of: id → label
  std::map<std::string, std::string> values_en;             // one_of: id → English label, where given
  std::string reg;                                          // entry: register id, e.g. units
  std::string group;                                        // visibility group (of the field, or of the whole form)
  bool personal = false;                                    // sealed; guards and tables may not read it
  bool search = false;                                      // goes into full text
  bool in_list = false;    // shown in lists (`list: yes` in YAML is written `in_list: yes`)
  int64_t max_length = 0;  // characters; 0: 200 for text, 5000 for long text
  std::optional<feel::Number> min, max;
  bool must = false;           // in a form: required
  bool staff_only = false;     // in a form, under `staff`: strangers and callers neither see nor give it
  bool is_case_field = false;  // in a form: `field`: the value is also put into the case
  std::string suggest;         // in a form: "decision.output"; another choice needs why_<id>
  std::string show_if;         // in a form: condition text for pages (FEEL over form and fields)
  Basis basis;
  Source source;
};

// `identity: {title: 来电人信息, sees: [agent, caller], purpose: required, hide_from: [handler], hide_if:
// is_confidential}` The caller's own choice hides a group from roles that would see it otherwise; superseded by no one.
struct Group {
  std::string id, title, title_en;
  std::vector<std::string> sees;        // role ids
  bool purpose_required = false;        // each read is recorded with a purpose
  std::vector<std::string> hide_from;   // role ids
  std::string hide_if;                  // condition id over case fields; only with hide_from
  std::optional<Formula> hide_formula;  // of hide_if, over CaseType::scope
  Source source;
};

// --- people ---------------------------------------------------------------------------------------------------------

// How a role is related to a case. The unit of …
enum class RoleRelation {
  unit,          // position in a fixed unit                       `position: dispatcher, unit: hotline`
  assignment,    // position in the unit that holds an assignment  `position: staff, assignment: handler`
  root_of,       // … at the root of the assignment's chain        `position: liaison, root_of: handler`
  superior_of,   // … one level up the chain; above the root, the unit that opened the chain  `superior_of: handler`
  any_assigned,  // position in any unit with an active assignment `position: head, any_assigned: yes`
  party,         // a party of the case: the caller                `party: caller`
  system,        // timers and reactions                           `system: yes`
  anyone,        // everybody, also without signing in             `anyone: yes`
};
struct Role {
  std::string id, title, title_en;
  RoleRelation relation = RoleRelation::unit;
  std::vector<std::string> positions;  // any of them; the person must hold it (or deputise) on the day of the act
  std::string unit;                    // relation unit: id in the register `units`
  std::string assignment;              // assignment name for assignment, root_of, superior_of
  std::vector<std::string> not_acts;   // who took one of these acts on this case is excluded (four eyes)
  Source source;
};

// `lead: {title: 牵头承办单位, of: unit, one: yes}`, `handler: {of: unit, under: lead, one: yes}`
// `under` links the assignment to the active one of that name (or of its own name, when a handler hands further down).
struct AssignmentType {
  std::string id, title, title_en;
  bool of_person = false;
  bool one = false;  // at most one current at a time
  std::string under;
  Source source;
};

// --- clocks ---------------------------------------------------------------------------------------------------------

enum class ClockType { deadline, window, not_before, elapsed };
enum class ClockScope { per_case, per_assignment, per_chain, per_ask };
enum class Again { keep, restart, add };  // what a second start does
// `handling: {title: 办结和答复, type: deadline, per: case, force: statutory, limit: handling_limit, owner: handler,
//             again: keep, late: flag, clause: 第十三条（二）, reading: 3}`
struct ClockDef {
  std::string id, title, title_en;
  ClockType type = ClockType::deadline;
  ClockScope scope = ClockScope::per_case;
  Force force = Force::statutory;
  std::optional<Limit> limit;   // literal `5 工作日`
  std::string limit_decision;   // or the name of a decision (or of its output, decision.output) that gives a limit
  std::string limit_parameter;  // or param.<name>
  std::string owner;            // role that is late when it is missed
  Again again = Again::keep;
  bool again_stated = false;  // `again:` stands in the file; compulsory where a start can happen twice
  calendar::Kind kind = calendar::Kind::deadline;  // `validity: yes` does not roll
  std::optional<bool> is_public;  // `public: yes|no`: the party sees it; not stated: promises and clocks of `estimate`
  Basis basis;
  Source source;
};

// --- states and actions ---------------------------------------------------------------------------------------------

struct State {
  std::string id, title, title_en;
  std::string public_title;  // what the caller reads; empty: title
  std::string public_title_en;
  std::vector<std::string> held_by;  // role ids; empty only for final states
  bool final = false;
  std::string result;  // final: result type
  std::string keep;    // final: retention, as written
  Source source;
};

// A named condition (conditions.md): sentence for people, formula, what to do instead, basis.
struct Condition {
  std::string id;
  std::string sentence;  // what must hold, e.g. 牵头单位不能同时是协同单位。
  std::string instead;   // what to do, e.g. 请从协同单位中去掉牵头单位。
  std::string formula;   // FEEL; compiled per action that uses it
  Basis basis;
  Source source;
};

// A read that an action declares: fetched before decide, recorded by revision in the basis.
enum class LookUpKind { by_key, nearest, where, count, exists };
struct LookUp {
  std::string id;
  std::string reg;  // register id
  LookUpKind kind = LookUpKind::by_key;
  Formula key;                                         // by_key, nearest (up the register's hierarchy)
  std::vector<std::pair<std::string, Formula>> where;  // field = value, all must hold (also narrows nearest)
  std::string at;                                      // "open", "act", or a date/instant field
  Source source;
};

enum class ClockEffect { start, stop, claim, confirm, reopen, pause, resume, extend, cancel };
struct OpenCase {  // `open: {case: supervision, link: supervises, form: {reason: "\"逾期\""}}`
  std::string case_type, link;
  std::vector<std::pair<std::string, Formula>> form;
};
struct Outcome {
  std::string id;                                       // `as: returned_to_hotline`, else "1", "2"…
  std::optional<Formula> condition;                     // `if: form.answered`; the last outcome has none
  std::string when;                                     // the condition in words, for the manual; empty: none written
  std::string to;                                       // state; empty: stays
  std::vector<std::pair<std::string, Formula>> set;     // case field = value
  std::vector<std::pair<std::string, Formula>> assign;  // assignment = unit (or list of units), entry ids
  std::vector<std::string> end;                         // assignment names ended: `end: [support, handler]`
  std::vector<std::pair<std::string, ClockEffect>> clocks;
  std::vector<std::pair<std::string, std::string>> send;  // letter → role
  std::vector<OpenCase> open;
  bool links_other = false;         // `link: joins`: linked to the case that the act's `other` names
  std::vector<std::string> unlink;  // link kinds whose links of this case end: `unlink: [joins]`
  std::vector<std::string> flags;   // marks kept on the case for supervision, e.g. late_return: `flag: [late_return]`
  Basis basis;                      // of the outcome; else the action's
  Source source;
};

struct Ask {  // `ask: {name: extension, of: superior, shields: handling, amount: more, granted: extend, refused:
              // refuse_extension}`
  std::string id;
  std::string of_role;
  std::string shields;           // clock
  std::string amount;            // form field with the limit asked for
  std::string granted, refused;  // the actions that answer
};

struct Action {  // also the act that opens a case: Case::open
  std::string id, title, title_en, help, help_en;
  std::string key;              // one letter: the shortcut on the desk; empty: none
  bool primary = false;         // `primary: yes` what the holder usually does next
  bool irreversible = false;    // `irreversible: yes` pages ask before it
  std::vector<std::string> by;  // role ids
  bool by_timer = false;        // `by: timer handling` — taken by the system when that clock fires
  std::string timer_clock;
  std::vector<std::string> from;  // state ids, expanded from `open`/`always`/`except`
  std::string group;              // visibility of the act's form
  std::vector<Field> form;
  std::string happened;                // form field with the legal instant; empty: receipt
  int64_t happened_within_hours = 72;  // how far it may lie back (`happened_within: 72 小时`)
  std::vector<LookUp> look_ups;
  std::vector<std::string> decide;        // decision ids, in order
  std::vector<std::string> require;       // condition ids
  std::vector<Formula> require_formulas;  // same order
  std::vector<Outcome> outcomes;          // at least one
  std::optional<Ask> ask;
  std::string answers;  // ask id that this action answers (from Ask::granted/refused)
  bool grants = false;
  // `undoes: {act: dispatch, within: 10 秒}`: this act takes that one back, as long as its messages wait.
  struct Undoes {
    std::string action;  // empty: it undoes nothing
    int64_t within_ms = 0;
  } undoes;
  int64_t undo_within_ms = 0;  // of the act that can be taken back: how long its messages wait (from `undoes`)
  // `other: {field: leading, link: joins}`: the act reads one more case, that its form names, and may link to it.
  struct Other {
    std::string field;  // form entry; empty in `open`: the shell names the case, or none
    std::string link;   // link kind; says of what type the case is. Empty: the act reads no other case
  } other;
  bool own_assignment = false;  // the act belongs to the actor's assignment: `of_assignment: support` (ends/acts on it)
  std::string of_assignment;
  Basis basis;
  Source source;
  // The scope of every formula of this action: what each slot means. `variables[i]` fills slot i of `scope`.
  struct Variable {
    enum class Kind {
      form,
      field,
      case_facts,
      acts,
      clock,
      assigned,
      actor,
      look_up,
      decision,
      parameters,
      asked,
      other
    } kind;
    std::string name;
  };
  std::shared_ptr<const feel::Scope> scope;
  std::vector<Variable> variables;
  std::map<std::string, dmn::CompiledTable> decisions;  // the tables in `decide`, compiled against this scope
};

struct LinkKind {
  std::string id, title, inverse_title, title_en, inverse_title_en;
  std::string to;                  // case type id within this pack
  std::vector<std::string> holds;  // states ("final" = any final) that the linked case keeps the other from
  bool at_opening = false;         // `at_opening: yes`: who opens a case may name such a link
  Source source;
};

// `overdue: {after: late handling, open: {case: supervision, link: supervises}, clause: 第十五条}`
struct Reaction {
  std::string id;
  enum class Trigger { late, action, state } trigger = Trigger::late;
  std::string of;                                     // clock, action or state id
  std::optional<OpenCase> open;                       // form formulas stand over the causing case's CaseType::scope
  std::optional<Formula> condition;                   // `if:` over the causing case after the act; none: always
  std::string link_kind;                              // or: act on the cases linked so …
  bool inverse = false;                               // … only on those that link to this one: `link: inverse joins`
  std::string act;                                    // … with this action
  std::vector<std::pair<std::string, Formula>> form;  // and this form, over the causing case
  Basis basis;
  Source source;
};

// `steps: {filed: {title: 提出, states: [registered]}}` The way of a case as people see it: a few words, each for some
// states. Pages draw it; no rule reads it.
struct Step {
  std::string id, title, title_en;
  std::string help, help_en;  // what happens in it, for who files
  std::vector<std::string> states;
  Source source;
};

// `ways: {dispatch: {title: 派发工单, before: [accept], action: dispatch}}` How a call may be settled in one go: acts
// right after the opening. Pages offer it; each act is checked as any other.
struct Way {
  std::string id, title, title_en, help, help_en;
  std::vector<std::string> before;                        // acts taken first, in order
  std::string action;                                     // the last act, or "open": registering is all
  std::vector<std::pair<std::string, std::string>> with;  // form values it presets, as written
  Source source;
};

// `hints: {kind: {in: hint_words, from: [title, content]}}` A one-of field suggested from the words typed: entries of
// the register have a `word` and, under the field's name, the value it speaks for. Pages only; no rule reads it.
struct Hint {
  std::string field, reg;
  std::vector<std::string> from;  // text fields
  Source source;
};

struct CaseType {
  std::string id;  // request
  std::string title, title_en, help, help_en;
  std::string number_pattern;           // "12345-{year}-{serial}"
  std::string tracking;                 // "yes": a secret code for the caller is made at opening
  std::string public_opening;           // "yes": anyone may open over the portal
  std::string party_phone, party_name;  // field ids of the caller's phone and name; empty: no party
  std::string title_field;              // field shown as the case's title in lists
  std::vector<Field> fields;
  std::vector<Group> groups;
  std::vector<Role> roles;
  std::vector<AssignmentType> assignments;
  std::vector<ClockDef> clocks;
  std::vector<State> states;  // the first is the one before `open` decides; `open` outcomes name the rest
  Action open;
  std::vector<Action> actions;
  std::vector<LinkKind> links;
  std::vector<Reaction> reactions;
  std::vector<std::string> flags;  // marks an outcome may set, with titles in flag_titles
  std::map<std::string, std::string> flag_titles, flag_titles_en;
  std::vector<Step> steps;
  std::vector<Way> ways;
  std::vector<Hint> hints;
  // What makes two cases look like one matter: `similar: {place: division, kind: subject, text: title}`. Empty:
  // nothing.
  std::string similar_place, similar_kind, similar_text;  // ids of an entry, a one-of and a searched field
  std::string similar_photo;  // a field of files: a small picture of the first photograph is shown to strangers too
  std::vector<std::string> estimate;  // clocks that pages may estimate before they start: `estimate: [handling]`
  Basis basis;
  Source source;
  // The scope of formulas that belong to no act (hide_if, reactions): as an action's, without form, actor, look-ups and
  // decisions.
  std::shared_ptr<const feel::Scope> scope;
  std::vector<Action::Variable> variables;

  const Field* find_field(std::string_view id) const;
  const Group* find_group(std::string_view id) const;
  const Role* find_role(std::string_view id) const;
  const AssignmentType* find_assignment(std::string_view id) const;
  const ClockDef* find_clock(std::string_view id) const;
  const State* find_state(std::string_view id) const;
  const Action* find_action(std::string_view id) const;  // not `open`
  const Step* find_step(std::string_view state) const;   // the one that the state belongs to
  bool shows_clock(std::string_view id) const;           // to the party of the case
};

// --- the rest of a pack ---------------------------------------------------------------------------------------------

struct Decision {  // a *.table.md
  std::string id, title;
  bool suggested = false;  // fills a form field; otherwise binding
  bool demo = false;       // `demo: yes`: data made by us, not in any document
  dmn::Table table;        // its rows' clauses are resolved bases, same order
  std::vector<Basis> row_bases;
  Source source;
};

struct Parameter {  // parameters.yaml: what a city could decide otherwise
  std::string id, title;
  feel::Value value;
  std::vector<std::pair<std::string, std::string>> values;  // allowed, with labels; empty: any of its type
  Basis basis;
  int reading = 0;
  Source source;
};

struct Letter {                    // wording/<id>.md: head, then text with {{ FEEL }} over the case after the act
  std::string id, title, channel;  // channel: message | letter | desk
  std::string text;
  struct Piece {
    std::string literal;
    std::optional<Formula> formula;
  };
  std::vector<Piece> pieces;
  std::shared_ptr<const feel::Scope> scope;
  std::vector<Action::Variable> variables;
  Basis basis;
  Source source;
};

struct Clause {                // clauses.yaml
  std::string id, gist, text;  // text: the article, where the pack carries it
  std::string left;            // why software does not enforce it; empty: must be bound to a rule
  Source source;
};

struct RegisterEntry {  // a seed row
  std::string id;
  std::optional<Date> valid_from, valid_to;  // valid_to is exclusive
  feel::Context values;
  Source source;
};
struct RegisterType {  // *.register.yaml, rows also from a CSV beside it
  std::string id, title, title_en;
  bool is_public = false;      // `public: yes`: strangers may read the names of its entries
  bool public_values = false;  // `public: values`: … and their values
  std::string parent_field;    // hierarchy, e.g. parent; empty: none
  std::string title_field;     // shown for an entry, e.g. name
  std::vector<Field> fields;
  std::vector<RegisterEntry> rows;
  bool demo = false;
  Basis basis;
  Source source;
};

// What the pack says of the public pages. The first pack with a name speaks for the site; the entries of all packs
// stand beside each other.
struct Portal {
  struct Number {  // to be called at once, without filing anything
    std::string number, title, title_en;
  };
  struct Entry {  // what may be filed here
    std::string type, title, title_en, help, help_en;
    Source source;
  };
  std::string name, name_en, phone, organiser, organiser_en;
  std::string short_name, short_name_en;  // for the head of a narrow page: 重庆12345
  std::string clause;                     // of the pack's document, shown as the reason for the service
  struct Popular {                        // an entry of a public register that many ask for
    std::string reg, entry;
    Source source;
  };
  std::vector<Number> emergency;
  std::vector<Popular> popular;
  std::string search;  // the public register that the search of the home page looks in; empty: none
  std::vector<Entry> entries;
  Source source;

  bool empty() const { return name.empty() && entries.empty(); }
};

struct Pack {
  std::string id, title, title_en;  // hotline-12345
  std::string document;             // 渝府办发〔2021〕8号; empty for china, chongqing
  std::string issuer;
  std::optional<Date> in_force_from, in_force_until;
  std::string edition;  // e.g. 2021-01-29; id + edition name a pack for ever
  std::vector<std::string> builds_on;
  std::vector<std::pair<std::string, std::string>> sources;   // alias → full title of other documents
  std::vector<std::string> requirements;                      // requirement ids that it answers …
  std::vector<std::pair<std::string, std::string>> not_here;  // … and those it does not, with the reason
  std::vector<std::string> terms;                             // words that must not stand in C++ (checked by a test)
  std::vector<Clause> clauses;
  std::vector<CaseType> cases;
  std::vector<Decision> decisions;
  std::vector<Condition> conditions;
  std::vector<Parameter> parameters;
  std::vector<Letter> letters;
  std::vector<RegisterType> registers;
  Portal portal;
  std::string directory;

  const CaseType* find_case(std::string_view id) const;
  const Decision* find_decision(std::string_view id) const;
  const Condition* find_condition(std::string_view id) const;
  const Letter* find_letter(std::string_view id) const;
  const Clause* find_clause(std::string_view id) const;
  const RegisterType* find_register(std::string_view id) const;
  const Parameter* find_parameter(std::string_view id) const;
  std::string key() const { return id + "@" + edition; }
};

}  // namespace tongban::pack
