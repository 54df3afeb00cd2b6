#include "dmn/table.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/text.h"
#include "dmn/compiled.h"

namespace tongban::dmn {
namespace {

using feel::Type;
using feel::Value;

struct PolicyName {
  std::string_view name;
  HitPolicy policy;
};
// The first name of each policy is the one that is written.
constexpr PolicyName kPolicies[] = {{"unique", HitPolicy::unique},
                                    {"first", HitPolicy::first},
                                    {"any", HitPolicy::any},
                                    {"priority", HitPolicy::priority},
                                    {"collect", HitPolicy::collect},
                                    {"collect sum", HitPolicy::collect_sum},
                                    {"collect min", HitPolicy::collect_min},
                                    {"collect max", HitPolicy::collect_max},
                                    {"collect count", HitPolicy::collect_count},
                                    {"rule order", HitPolicy::rule_order},
                                    {"output order", HitPolicy::output_order},
                                    {"u", HitPolicy::unique},
                                    {"f", HitPolicy::first},
                                    {"a", HitPolicy::any},
                                    {"p", HitPolicy::priority},
                                    {"c", HitPolicy::collect},
                                    {"c+", HitPolicy::collect_sum},
                                    {"c<", HitPolicy::collect_min},
                                    {"c>", HitPolicy::collect_max},
                                    {"c#", HitPolicy::collect_count},
                                    {"r", HitPolicy::rule_order},
                                    {"o", HitPolicy::output_order},
                                    {"唯一", HitPolicy::unique},
                                    {"首个", HitPolicy::first},
                                    {"任一", HitPolicy::any},
                                    {"优先", HitPolicy::priority},
                                    {"收集", HitPolicy::collect},
                                    {"求和", HitPolicy::collect_sum},
                                    {"取最小", HitPolicy::collect_min},
                                    {"取最大", HitPolicy::collect_max},
                                    {"计数", HitPolicy::collect_count},
                                    {"按行", HitPolicy::rule_order},
                                    {"按值", HitPolicy::output_order}};

struct UnitName {
  std::string_view written;
  std::string_view unit;
};
// The first name of each unit is the one that is written.
constexpr UnitName kUnits[] = {{"分钟", "minutes"},          {"小时", "hours"},
                               {"工作日", "working_days"},   {"自然日", "calendar_days"},
                               {"个月", "months"},           {"个小时", "hours"},
                               {"个工作日", "working_days"}, {"个自然日", "calendar_days"},
                               {"日历日", "calendar_days"},  {"个日历日", "calendar_days"}};

bool is_aggregate(HitPolicy policy) {
  return policy == HitPolicy::collect_sum || policy == HitPolicy::collect_min || policy == HitPolicy::collect_max ||
         policy == HitPolicy::collect_count;
}

bool is_prioritised(HitPolicy policy) { return policy == HitPolicy::priority || policy == HitPolicy::output_order; }

std::string join_values(const std::vector<AllowedValue>& values) {
  std::string out;
  for (const AllowedValue& each : values) {
    if (out.size() > 200) return out + ", …";
    out += (out.empty() ? "" : ", ") + each.value.to_text();
  }
  return out;
}

std::optional<std::vector<std::string>> texts_of(const std::vector<AllowedValue>& values) {
  std::vector<std::string> texts;
  for (const AllowedValue& each : values) {
    if (each.value.kind() != Value::Kind::text) return std::nullopt;
    texts.push_back(each.value.as_text());
  }
  if (texts.empty()) return std::nullopt;
  return texts;
}

// From here on an index is worth its memory.
constexpr size_t kIndexedRows = 64;

class TableCompiler {
 public:
  TableCompiler(const Table& table, const feel::Scope& scope, const TableOptions& options)
      : scope_(scope), strict_(options.strict), parts_(std::make_shared<CompiledTable::Parts>()) {
    parts_->table = table;
    parts_->strict = strict_;
  }

  TableCompiled run() {
    const Table& table = parts_->table;
    check_form();
    for (size_t i = 0; i < table.inputs.size(); ++i) compile_input(i);
    for (size_t row = 0; row < table.rules.size(); ++row) compile_row(row);
    compile_defaults();
    TableCompiled compiled;
    if (problems_.empty()) {
      finish_types();
      parts_->reads.assign(reads_.begin(), reads_.end());
      std::sort(parts_->reads.begin(), parts_->reads.end());
      parts_->reads.erase(std::unique(parts_->reads.begin(), parts_->reads.end()), parts_->reads.end());
      compiled.table = CompiledTable(parts_);
      if (parts_->rows.size() >= kIndexedRows) parts_->index = std::make_shared<const BitmapIndex>(*compiled.table);
    }
    compiled.problems = std::move(problems_);
    return compiled;
  }

 private:
  void problem(int line, size_t row, size_t column, std::string message) {
    problems_.push_back({line, static_cast<int>(row), static_cast<int>(column), std::move(message)});
  }
  void add_reads(const feel::Expression& expression) {
    reads_.insert(reads_.end(), expression.reads().begin(), expression.reads().end());
  }
  void report(const std::vector<feel::Problem>& found, int line, size_t row, size_t column, const std::string& text) {
    for (const feel::Problem& each : found) problem(line, row, column, "in \"" + text + "\": " + each.message);
  }

  void check_form() {
    const Table& table = parts_->table;
    const bool has_order = std::any_of(table.outputs.begin(), table.outputs.end(),
                                       [](const Output& output) { return !output.allowed.empty(); });
    if (is_prioritised(table.hit_policy) && !has_order) {
      problem(0, 0, 0,
              "the hit policy \"" + std::string(to_text(table.hit_policy)) +
                  "\" needs allowed values of an output: their order is the priority");
    }
    if (table.outputs.empty()) problem(0, 0, 0, "the table has no output");
    if (table.rules.empty() && strict_) problem(0, 0, 0, "the table has no row");
    if (is_aggregate(table.hit_policy) && table.outputs.size() != 1) {
      problem(0, 0, 0, "\"" + std::string(to_text(table.hit_policy)) + "\" needs exactly one output");
    }
    for (size_t i = 0; i < table.outputs.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (table.outputs[i].name == table.outputs[j].name) {
          problem(table.outputs[i].line, 0, table.inputs.size() + i + 1,
                  "two outputs are named \"" + table.outputs[i].name + "\"");
        }
      }
    }
  }

  void compile_input(size_t i) {
    const Input& input = parts_->table.inputs[i];
    feel::Compiled compiled = feel::compile(input.expression, scope_, {.strict = strict_});
    report(compiled.problems, input.line, 0, i + 1, input.expression);
    Type type = input.type;
    if (compiled.expression) {
      const Type& known = compiled.expression->type();
      if (strict_ && !feel::conforms(known, type)) {
        problem(input.line, 0, i + 1,
                "\"" + input.expression + "\" is " + known.to_text() + ", but the head says " + type.to_text());
      }
      if (type.kind == Type::Kind::any) type = known;
      add_reads(*compiled.expression);
    }
    parts_->input_allowed.emplace_back();
    if (!strict_) {
      if (!input.allowed_text.empty()) {
        feel::Compiled allowed = feel::compile_unary_tests(input.allowed_text, scope_, Type::any(), {.strict = false});
        report(allowed.problems, input.line, 0, i + 1, input.allowed_text);
        parts_->input_allowed.back() = std::move(allowed.expression);
      }
      parts_->input_types.push_back(type);
      parts_->inputs.push_back(std::move(compiled.expression));
      return;
    }
    for (const AllowedValue& allowed : input.allowed) {
      if (!feel::has_type(allowed.value, type)) {
        problem(input.line, 0, i + 1, "the allowed value " + allowed.value.to_text() + " is no " + type.to_text());
      }
    }
    if (auto texts = texts_of(input.allowed);
        texts && (type.kind == Type::Kind::any || type.kind == Type::Kind::text)) {
      type = Type::one_of(std::move(*texts));
    }
    parts_->input_types.push_back(type);
    parts_->inputs.push_back(std::move(compiled.expression));
  }

  void compile_row(size_t index) {
    const Table& table = parts_->table;
    const Rule& rule = table.rules[index];
    CompiledRow row;
    if (rule.cells.size() != table.inputs.size() || rule.outputs.size() != table.outputs.size()) {
      problem(rule.line, index + 1, 0,
              "the row has " + std::to_string(rule.cells.size()) + " + " + std::to_string(rule.outputs.size()) +
                  " cells, the head " + std::to_string(table.inputs.size()) + " + " +
                  std::to_string(table.outputs.size()));
      return;
    }
    for (size_t i = 0; i < rule.cells.size(); ++i) {
      if (trim(rule.cells[i]) == "-") {
        row.tests.emplace_back();
        continue;
      }
      feel::Compiled compiled =
          feel::compile_unary_tests(rule.cells[i], scope_, parts_->input_types[i], {.strict = strict_});
      report(compiled.problems, rule.line, index + 1, i + 1, rule.cells[i]);
      if (compiled.expression) add_reads(*compiled.expression);
      row.tests.push_back(std::move(compiled.expression));
    }
    for (size_t i = 0; i < rule.outputs.size(); ++i) {
      row.outputs.push_back(
          compile_output(rule.outputs[i], table.outputs[i], rule.line, index + 1, table.inputs.size() + i + 1));
    }
    parts_->rows.push_back(std::move(row));
  }

  std::optional<feel::Expression> compile_output(const std::string& text, const Output& output, int line, size_t row,
                                                 size_t column) {
    const std::optional<Value> limit = parse_limit(text);
    const bool is_empty = !strict_ && trim(text).empty();
    feel::Compiled compiled = feel::compile(limit      ? limit->to_text()
                                            : is_empty ? "null"
                                                       : text,
                                            scope_, {.strict = strict_});
    report(compiled.problems, line, row, column, text);
    if (!compiled.expression) {
      if (!limit && looks_like_limit(text)) {
        problems_.back().message = "in \"" + text + "\": write the limit as 5 工作日, 24 小时, 30 自然日 or 6 个月";
      }
      return std::nullopt;
    }
    add_reads(*compiled.expression);
    if (!strict_) return std::move(compiled.expression);
    if (!feel::conforms(compiled.expression->type(), output.type)) {
      problem(line, row, column,
              "\"" + text + "\" is " + compiled.expression->type().to_text() + ", but \"" + output.name + "\" is " +
                  output.type.to_text());
    }
    const std::optional<Value> constant = compiled.expression->constant();
    if (constant && !constant->is_null() && !output.allowed.empty())
      check_allowed(*constant, output, line, row, column);
    return std::move(compiled.expression);
  }
  static bool looks_like_limit(const std::string& text) {
    const std::string_view trimmed = trim(text);
    return !trimmed.empty() && trimmed[0] >= '0' && trimmed[0] <= '9' &&
           (trimmed.ends_with("天") || trimmed.ends_with("日") || trimmed.ends_with("月") || trimmed.ends_with("时") ||
            trimmed.ends_with("年"));
  }
  void check_allowed(const Value& value, const Output& output, int line, size_t row, size_t column) {
    for (const AllowedValue& each : output.allowed) {
      if (feel::equals(each.value, value) == true) return;
    }
    std::string near;
    if (const auto texts = texts_of(output.allowed); texts && value.kind() == Value::Kind::text)
      near = nearest_word(value.as_text(), *texts);
    problem(line, row, column,
            value.to_text() + " is none of the allowed values " + join_values(output.allowed) +
                (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
  }

  void compile_defaults() {
    const Table& table = parts_->table;
    for (size_t i = 0; i < table.outputs.size(); ++i) {
      const Output& output = table.outputs[i];
      if (output.default_text.empty()) {
        parts_->defaults.emplace_back();
        continue;
      }
      parts_->has_default = true;
      parts_->defaults.push_back(
          compile_output(output.default_text, output, output.line, 0, table.inputs.size() + i + 1));
    }
  }

  void finish_types() {
    const Table& table = parts_->table;
    std::vector<Type::Member> members;
    for (size_t i = 0; i < table.outputs.size(); ++i) {
      Type type = table.outputs[i].type;
      bool first = true;
      for (const CompiledRow& row : parts_->rows) {
        if (table.outputs[i].type.kind != Type::Kind::any) break;
        const Type& cell = row.outputs[i]->type();
        if (cell.kind == Type::Kind::null) continue;
        if (!first && !(cell == type)) {
          type = Type::any();
          break;
        }
        type = cell;
        first = false;
      }
      members.push_back({table.outputs[i].name, std::move(type)});
    }
    Type type = members.size() == 1 ? members[0].type : Type::context_of(members);
    switch (table.hit_policy) {
      case HitPolicy::collect:
      case HitPolicy::rule_order:
      case HitPolicy::output_order:
        type = Type::list_of(std::move(type));
        break;
      case HitPolicy::collect_count:
        type = Type::number();
        break;
      default:
        break;
    }
    parts_->type = std::move(type);
  }

  const feel::Scope& scope_;
  bool strict_;
  std::shared_ptr<CompiledTable::Parts> parts_;
  std::vector<TableProblem> problems_;
  std::vector<std::string> reads_;
};

// ---- evaluation ----------------------------------------------------------------------------------------------------

void add_once(std::vector<std::string>& list, const std::string& text) {
  if (!text.empty() && std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);
}

// A row that a missing value left open: which inputs are to blame, and other paths.
struct Stopped {
  int row = 0;
  std::vector<size_t> inputs;
  std::vector<std::string> paths;
};

class Run {
 public:
  Run(const CompiledTable::Parts& parts, std::span<const Value> slots, feel::Budget& budget, bool trace)
      : parts_(parts), slots_(slots), budget_(budget), trace_(trace) {}

  Decision decide() {
    if (!read_inputs() || !match_rows()) return std::move(decision_);
    settle();
    return std::move(decision_);
  }

 private:
  bool fail(std::string message) {
    budget_.error.clear();  // said here; the caller goes on with null
    decision_.status = Decision::Status::failed;
    decision_.error = std::move(message);
    decision_.value = decision_.outputs = Value();
    return false;
  }

  bool read_inputs() {
    for (size_t i = 0; i < parts_.inputs.size(); ++i) {
      feel::EvalResult result = feel::evaluate(*parts_.inputs[i], slots_, budget_);
      const std::string& name = parts_.table.inputs[i].expression;
      if (!result.ok) return fail(name + ": " + result.error);
      const std::optional<feel::Expression>& allowed = parts_.input_allowed[i];
      if (allowed && !result.value.is_null() &&
          feel::test(*allowed, result.value, slots_, budget_).truth != feel::Truth::yes) {
        return fail(name + ": " + result.value.to_text() + " is none of the allowed values " +
                    parts_.table.inputs[i].allowed_text);
      }
      decision_.inputs.push_back({name, std::move(result.value)});
      missing_.push_back(std::move(result.missing));
    }
    return true;
  }

  // Every row, in order; of a large table, where no trace is wanted, those that the index does not rule out: a row with
  // a plain cell that does not hold decides nothing, and rows with other cells are tested as ever.
  bool match_rows() {
    std::vector<uint64_t> candidates;
    if (!rule_out(candidates)) {
      for (size_t row = 0; row < parts_.rows.size(); ++row) {
        if (!match_row(row)) return false;
      }
      return true;
    }
    for (size_t word = 0; word < candidates.size(); ++word) {
      for (uint64_t bits = candidates[word]; bits != 0; bits &= bits - 1) {
        if (!match_row(word * 64 + static_cast<size_t>(std::countr_zero(bits)))) return false;
      }
    }
    return true;
  }

  // False: every row has to be tested.
  bool rule_out(std::vector<uint64_t>& candidates) const {
    if (!parts_.index || trace_) return false;
    const BitmapIndex& index = *parts_.index;
    std::vector<uint32_t> classes;
    for (size_t i = 0; i < index.columns(); ++i) {
      const Value& value = decision_.inputs[i].value;
      if (!value.is_null() && !missing_[i].empty()) return false;  // it rests on something missing
      const std::optional<uint32_t> of_class = index.class_of(i, value);
      if (!of_class) return false;
      classes.push_back(*of_class);
    }
    candidates.resize(index.words());
    BitmapIndex::Scratch scratch;
    index.match_open(classes, candidates, scratch);
    for (const BitmapIndex::Residual& each : index.residual())
      candidates[each.row / 64] |= uint64_t{1} << each.row % 64;
    return true;
  }

  bool match_row(size_t row) {
    Stopped stopped{static_cast<int>(row) + 1, {}, {}};
    bool holds = true;
    Decision::RowTrace trace{stopped.row, 0, false};
    for (size_t i = 0; holds && i < parts_.rows[row].tests.size(); ++i) {
      const std::optional<feel::Expression>& cell = parts_.rows[row].tests[i];
      if (!cell) continue;  // any
      const Value& input = decision_.inputs[i].value;
      feel::TestResult result = feel::test(*cell, input, slots_, budget_);
      if (!result.error.empty()) return fail("row " + std::to_string(row + 1) + ": " + result.error);
      if (parts_.strict && !input.is_null() && !missing_[i].empty()) {
        stopped.inputs.push_back(i);  // the input itself rests on something missing
      } else if (!parts_.strict && result.holds) {
        continue;
      } else if (result.truth == feel::Truth::undecided) {
        if (result.input_missing) stopped.inputs.push_back(i);
        for (const std::string& path : result.missing) add_once(stopped.paths, path);
      } else {
        holds = result.truth == feel::Truth::yes;
        if (!holds) trace = {stopped.row, static_cast<int>(i) + 1, false};
        continue;
      }
      if (trace.stopped_at == 0) trace = {stopped.row, static_cast<int>(i) + 1, true};
    }
    if (trace_) decision_.rows.push_back(trace);
    if (!holds) return true;
    if (stopped.inputs.empty() && stopped.paths.empty()) {
      decision_.matched.push_back(static_cast<int>(row) + 1);
    } else {
      stopped_.push_back(std::move(stopped));
    }
    return true;
  }

  bool outputs_of(int row, Value& value, Value& outputs) {
    feel::Context entries;
    for (size_t i = 0; i < parts_.table.outputs.size(); ++i) {
      const std::optional<feel::Expression>& cell =
          row > 0 ? parts_.rows[static_cast<size_t>(row) - 1].outputs[i] : parts_.defaults[i];
      Value entry;
      if (cell) {
        feel::EvalResult result = feel::evaluate(*cell, slots_, budget_);
        if (!result.ok) return fail("row " + std::to_string(row) + ": " + result.error);
        entry = std::move(result.value);
      }
      entries.emplace_back(parts_.table.outputs[i].name, std::move(entry));
    }
    outputs = Value::context(entries);
    value = entries.size() == 1 ? entries[0].second : outputs;
    return true;
  }

  void add_clause(int row) {
    const std::string& own = parts_.table.rules[static_cast<size_t>(row) - 1].clause;
    add_once(decision_.clauses, own.empty() ? parts_.table.clause : own);
  }

  // Null is an answer where a matched row names it.
  bool is_null_named(size_t input) const {
    if (!decision_.inputs[input].value.is_null()) return false;
    return std::any_of(decision_.matched.begin(), decision_.matched.end(),
                       [&](int row) { return parts_.rows[static_cast<size_t>(row) - 1].tests[input].has_value(); });
  }

  void note_stopped(int before) {
    for (const Stopped& stopped : stopped_) {
      if (before > 0 && stopped.row > before) break;
      bool counts = !stopped.paths.empty();
      for (const size_t input : stopped.inputs) counts = counts || !is_null_named(input);
      if (!counts) continue;
      decision_.stopped.push_back(stopped.row);
      for (const size_t input : stopped.inputs) {
        if (missing_[input].empty()) add_once(decision_.missing, decision_.inputs[input].name);
        for (const std::string& path : missing_[input]) add_once(decision_.missing, path);
      }
      for (const std::string& path : stopped.paths) add_once(decision_.missing, path);
    }
    if (!decision_.stopped.empty()) decision_.status = Decision::Status::at_least;
  }

  void settle() {
    const HitPolicy policy = parts_.table.hit_policy;
    const std::vector<int>& matched = decision_.matched;
    const bool is_single = policy == HitPolicy::unique || policy == HitPolicy::first || policy == HitPolicy::any;
    if (policy == HitPolicy::unique && matched.size() > 1) {
      fail("rows " + std::to_string(matched[0]) + " and " + std::to_string(matched[1]) +
           " both match, but the hit policy is unique");
      return;
    }
    note_stopped(policy == HitPolicy::first && !matched.empty() ? matched[0] : 0);
    if (is_prioritised(policy)) {
      prioritise(policy);
      return;
    }
    if (matched.empty() && (!is_aggregate(policy) || parts_.has_default)) {
      if (parts_.has_default) {
        decision_.used_default = true;
        if (!outputs_of(0, decision_.value, decision_.outputs)) return;
        add_once(decision_.clauses, parts_.table.clause);
      } else if (!is_single) {
        decision_.value = decision_.outputs = Value::list({});
      }
      return;
    }
    if (is_single) {
      if (!outputs_of(matched[0], decision_.value, decision_.outputs)) return;
      decision_.decided_by = matched[0];
      add_clause(matched[0]);
      if (policy == HitPolicy::any) check_same();
      return;
    }
    collect(policy);
  }

  // The place of a value among the allowed ones; behind them all when it is none of them.
  size_t rank(size_t output, const Value& value) const {
    const std::vector<AllowedValue>& allowed = parts_.table.outputs[output].allowed;
    size_t place = 0;
    while (place < allowed.size() && feel::equals(allowed[place].value, value) != true) ++place;
    return place;
  }

  // Chapter 8.2.10: the order of an output's allowed values is its priority, the first output counts most.
  void prioritise(HitPolicy policy) {
    struct Candidate {
      int row;
      Value value, outputs;
      std::vector<size_t> ranks;
    };
    std::vector<Candidate> candidates;
    for (const int row : decision_.matched) {
      Candidate candidate{row, {}, {}, {}};
      if (!outputs_of(row, candidate.value, candidate.outputs)) return;
      const feel::Context& entries = candidate.outputs.as_context();
      for (size_t i = 0; i < entries.size(); ++i) {
        if (!parts_.table.outputs[i].allowed.empty()) candidate.ranks.push_back(rank(i, entries[i].second));
      }
      candidates.push_back(std::move(candidate));
    }
    std::stable_sort(candidates.begin(), candidates.end(),
                     [](const Candidate& a, const Candidate& b) { return a.ranks < b.ranks; });
    if (candidates.empty() && parts_.has_default) {
      decision_.used_default = true;
      if (!outputs_of(0, decision_.value, decision_.outputs)) return;
      add_once(decision_.clauses, parts_.table.clause);
    } else if (policy == HitPolicy::output_order) {
      feel::List values;
      feel::List outputs;
      for (Candidate& each : candidates) {
        values.push_back(std::move(each.value));
        outputs.push_back(std::move(each.outputs));
        add_clause(each.row);
      }
      decision_.value = Value::list(std::move(values));
      decision_.outputs = Value::list(std::move(outputs));
    } else if (!candidates.empty()) {
      decision_.value = std::move(candidates[0].value);
      decision_.outputs = std::move(candidates[0].outputs);
      decision_.decided_by = candidates[0].row;
      add_clause(candidates[0].row);
    }
  }

  void check_same() {
    for (size_t i = 1; i < decision_.matched.size(); ++i) {
      Value value;
      Value outputs;
      if (!outputs_of(decision_.matched[i], value, outputs)) return;
      if (!(outputs == decision_.outputs)) {
        fail("rows " + std::to_string(decision_.matched[0]) + " and " + std::to_string(decision_.matched[i]) +
             " both match with different outputs, but the hit policy is any");
        return;
      }
    }
  }

  void collect(HitPolicy policy) {
    feel::List values;
    feel::List contexts;
    for (const int row : decision_.matched) {
      Value value;
      Value outputs;
      if (!outputs_of(row, value, outputs)) return;
      values.push_back(std::move(value));
      contexts.push_back(std::move(outputs));
      add_clause(row);
    }
    if (!is_aggregate(policy)) {
      decision_.value = Value::list(std::move(values));
      decision_.outputs = Value::list(std::move(contexts));
      return;
    }
    if (policy == HitPolicy::collect_count) {
      decision_.value = Value::of(static_cast<int64_t>(values.size()));
      return;
    }
    if (values.empty()) return;
    Value best = values[0];
    for (size_t i = 1; i < values.size(); ++i) {
      if (policy == HitPolicy::collect_sum) {
        if (best.kind() != Value::Kind::number || values[i].kind() != Value::Kind::number) {
          fail("\"collect sum\" needs numbers, row " + std::to_string(decision_.matched[i]) + " gives " +
               values[i].to_text());
          return;
        }
        const std::optional<feel::Number> sum = feel::Number::add(best.as_number(), values[i].as_number());
        best = sum ? Value::of(*sum) : Value();
        continue;
      }
      const auto order = feel::compare(values[i], best);
      if (!order) {
        fail("rows " + std::to_string(decision_.matched[0]) + " and " + std::to_string(decision_.matched[i]) +
             " give values that cannot be compared");
        return;
      }
      if (policy == HitPolicy::collect_min ? *order < 0 : *order > 0) best = values[i];
    }
    decision_.value = best;
  }

  const CompiledTable::Parts& parts_;
  std::span<const Value> slots_;
  feel::Budget& budget_;
  bool trace_;
  std::vector<std::vector<std::string>> missing_;  // for each input
  std::vector<Stopped> stopped_;
  Decision decision_;
};

}  // namespace

std::optional<HitPolicy> parse_hit_policy(std::string_view text) {
  std::string lower;
  for (const char c : trim(text)) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  for (const PolicyName& each : kPolicies) {
    if (lower == each.name) return each.policy;
  }
  return std::nullopt;
}

std::string_view to_text(HitPolicy policy) {
  for (const PolicyName& each : kPolicies) {
    if (each.policy == policy) return each.name;
  }
  return "";
}

std::string_view word_of(HitPolicy policy) {
  for (const PolicyName& each : kPolicies) {
    if (each.policy == policy && (each.name[0] & 0x80) != 0) return each.name;
  }
  return "";
}

const Table& CompiledTable::table() const { return parts_->table; }
const feel::Type& CompiledTable::type() const { return parts_->type; }
const std::vector<std::string>& CompiledTable::reads() const { return parts_->reads; }

TableCompiled compile(const Table& table, const feel::Scope& scope, const TableOptions& options) {
  return TableCompiler(table, scope, options).run();
}

Decision evaluate(const CompiledTable& table, std::span<const Value> slots, const feel::EvalContext& context,
                  bool trace) {
  feel::Budget budget(context);
  return evaluate(table, slots, budget, trace);
}

Decision evaluate(const CompiledTable& table, std::span<const Value> slots, feel::Budget& budget, bool trace) {
  return Run(table.parts(), slots, budget, trace).decide();
}

std::optional<Value> parse_limit(std::string_view text) {
  text = trim(text);
  size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
  if (digits == 0 || digits > 9) return std::nullopt;
  const std::string_view unit = trim(text.substr(digits));
  for (const UnitName& each : kUnits) {
    if (unit != each.written) continue;
    const std::optional<feel::Number> n = feel::Number::parse(text.substr(0, digits));
    return Value::context({{"n", Value::of(*n)}, {"unit", Value::text(std::string(each.unit))}});
  }
  return std::nullopt;
}

std::optional<std::string> limit_to_text(const Value& value) {
  const Value n = value.get("n");
  const Value unit = value.get("unit");
  if (value.kind() != Value::Kind::context || value.as_context().size() != 2 || n.kind() != Value::Kind::number ||
      unit.kind() != Value::Kind::text) {
    return std::nullopt;
  }
  for (const UnitName& each : kUnits) {
    if (unit.as_text() == each.unit) return n.as_number().to_text() + " " + std::string(each.written);
  }
  return std::nullopt;
}

json::value Decision::to_json() const {
  json::object out;
  out["status"] = status == Status::complete ? "complete" : status == Status::at_least ? "at_least" : "failed";
  out["value"] = value.to_json();
  json::array rows;
  for (const int row : matched) rows.push_back(row);
  out["matched"] = std::move(rows);
  out["decided_by"] = decided_by ? json::value(*decided_by) : json::value(nullptr);
  if (used_default) out["used_default"] = true;
  json::array basis;
  for (const std::string& clause : clauses) basis.push_back(json::string(clause));
  out["clauses"] = std::move(basis);
  json::array stopped_rows;
  for (const int row : stopped) stopped_rows.push_back(row);
  if (!stopped_rows.empty()) out["stopped"] = std::move(stopped_rows);
  json::array asked;
  for (const std::string& path : missing) asked.push_back(json::string(path));
  if (!asked.empty()) out["missing"] = std::move(asked);
  json::object read;
  for (const Read& input : inputs) read[input.name] = input.value.to_json();
  out["inputs"] = std::move(read);
  if (!error.empty()) out["error"] = error;
  return out;
}

}  // namespace tongban::dmn
