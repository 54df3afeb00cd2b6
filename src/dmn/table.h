// The model of a decision table (DMN 1.5 §8): what Markdown, XML and XLSX compile to, and its compiled form.
//
// A Table is plain data, as written, with the source line of every row. A CompiledTable is immutable and may be
// evaluated from any thread. Evaluation keeps what the record needs (KERNEL §4): all matched rows, the inputs read, and
// whether the answer is complete or only "at least" because a missing input stopped a row.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "feel/feel.h"

namespace tongban::dmn {

enum class HitPolicy : uint8_t {
  unique,
  first,
  any,
  priority,
  collect,
  collect_sum,
  collect_min,
  collect_max,
  collect_count,
  rule_order,
  output_order
};
// "UNIQUE", "unique", "U", "唯一"…; empty for another word.
std::optional<HitPolicy> parse_hit_policy(std::string_view text);
std::string_view to_text(HitPolicy policy);
std::string_view word_of(HitPolicy policy);  // for people: 唯一, 首个…

// Goes into the outcome (binding) or fills a form field that a person may change with a reason (suggested).
enum class Force : uint8_t { binding, suggested };

struct AllowedValue {
  feel::Value value;
  std::string label;  // for people; "" when there is none
};

struct Input {
  std::string label;                  // head for people: 类别
  std::string expression;             // FEEL: kind, form.lead, count(xs)
  feel::Type type;                    // any: as the scope says
  std::vector<AllowedValue> allowed;  // empty: every value of the type
  int line = 0;                       // where it is declared, 0 unknown
  std::string allowed_text;           // unary tests, when they are more than a list of literals ([0..999], not("x"))
  std::string id;                     // in XML
  std::string type_ref;               // in XML, as written
};

struct Output {
  std::string label;  // 时限
  std::string name;   // limit
  feel::Type type;
  std::vector<AllowedValue> allowed;  // their order is the priority
  std::string default_text;           // FEEL or limit text; "" none
  int line = 0;
  std::string allowed_text;  // as of Input
  std::string id;
  std::string type_ref;
};

struct Rule {
  std::vector<std::string> cells;        // one for each input; "-" any
  std::vector<std::string> outputs;      // one for each output; FEEL, or a limit as written (5 工作日)
  std::string clause;                    // 依据
  int line = 0;                          // in the source file
  std::string id;                        // in XML
  std::vector<std::string> annotations;  // in XML: one for each of the table's annotation names
  std::string text;                      // in XML: its description
};

struct Table {
  std::string name;  // identifier
  std::string title;
  HitPolicy hit_policy = HitPolicy::unique;
  Force force = Force::binding;
  std::string clause;  // of the table as a whole: the basis where a row names none
  bool demo = false;   // data by us, not by a document
  std::string text;    // the paragraph for people
  std::vector<Input> inputs;
  std::vector<Output> outputs;
  std::vector<Rule> rules;
  std::string id;                             // in XML
  std::string output_label;                   // in XML
  std::string type_ref;                       // in XML
  std::vector<std::string> annotation_names;  // in XML, other than the clause
};

// A fault, for the author. Row and column count from 1; 0: the head. `line` is the source's, 0 when unknown.
struct TableProblem {
  int line = 0;
  int row = 0;
  int column = 0;  // inputs first, then outputs, then the clause
  std::string message;
};

class CompiledTable {
 public:
  struct Parts;  // private to dmn
  const Table& table() const;
  // The value of the table: with one output its type, with several a context; lists for collect and rule order.
  const feel::Type& type() const;
  // Paths of the scope's variables that inputs, cells and outputs read: "kind", "form.lead".
  const std::vector<std::string>& reads() const;
  const Parts& parts() const { return *parts_; }
  explicit CompiledTable(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}

 private:
  std::shared_ptr<const Parts> parts_;
};

struct TableCompiled {
  std::optional<CompiledTable> table;  // present exactly when `problems` is empty
  std::vector<TableProblem> problems;
};

struct TableOptions {
  // strict: types and allowed values of heads and cells must fit (tables of packs). Otherwise what does not fit gives
  // null when it is evaluated, as the standard says (models in XML).
  bool strict = true;
};

// Compiles every cell against the scope. All faults are returned. Priority and output order need allowed values of an
// output: their order is the priority.
TableCompiled compile(const Table& table, const feel::Scope& scope, const TableOptions& options = {});

struct Decision {
  enum class Status : uint8_t {
    complete,  // no missing value had a say
    at_least,  // a missing value stopped a row that would have counted: `missing` lists what to ask for
    failed     // no answer: see `error`
  };
  struct Read {
    std::string name;  // the input's expression
    feel::Value value;
  };
  Status status = Status::complete;
  // What the standard calls the result: the output's value (one output) or a context (several); a list of them for
  // collect and rule order, a number for the aggregators. Null when no row matched and there is no default.
  feel::Value value;
  // The same, always as context name → value, or a list of contexts (also with one output). Null for aggregators.
  feel::Value outputs;
  std::vector<int> matched;  // all rows whose tests hold, 1…, whatever the hit policy takes
  // Rows that a missing value left undecided and that would have counted: for `first` those before the deciding one,
  // else all. Where a matched row names null for the missing input, null is an answer and stops nothing.
  std::vector<int> stopped;
  std::optional<int> decided_by;  // the row that decided (unique, first, any); empty for lists, default, none
  bool used_default = false;
  std::vector<std::string> clauses;  // of the deciding row, or of all matched rows for lists; without doubles
  std::vector<std::string> missing;  // paths or input expressions that are null and had a say
  std::vector<Read> inputs;          // every input's value, in column order
  std::string error;                 // two unique rows match, rows of `any` differ, step limit…
  struct RowTrace {
    int row = 0;
    int stopped_at = 0;    // the first input, 1…, whose cell did not hold; 0: all hold
    bool is_open = false;  // it could not be said, because a value is missing
  };
  std::vector<RowTrace> rows;  // with trace: every row that was looked at

  // The record as JSON: status, value, matched, decided_by, clauses, missing, inputs.
  json::value to_json() const;
};

// `slots` as in feel::evaluate: the variables of the scope given to `compile`.
// `trace` fills Decision::rows too.
Decision evaluate(const CompiledTable& table, std::span<const feel::Value> slots, const feel::EvalContext& context,
                  bool trace = false);
// The same within a call of feel.
Decision evaluate(const CompiledTable& table, std::span<const feel::Value> slots, feel::Budget& budget,
                  bool trace = false);

// "5 工作日", "24 小时", "30 自然日", "6 个月", "30 分钟" (also with 个) → {n: 5, unit: "working_days"}; units are
// minutes, hours, working_days, calendar_days, months. Empty for another text; `5 天` and `5 日` too, because they do
// not say which days.
std::optional<feel::Value> parse_limit(std::string_view text);
// The way back: {n: 5, unit: "working_days"} → "5 工作日". Empty when the value is no limit.
std::optional<std::string> limit_to_text(const feel::Value& value);

}  // namespace tongban::dmn
