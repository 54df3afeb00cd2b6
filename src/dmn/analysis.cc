#include "dmn/analysis.h"

#include <algorithm>
#include <set>
#include <utility>

#include "dmn/compiled.h"

namespace tongban::dmn {
namespace {

using feel::Interval;
using feel::TestShape;
using feel::Type;
using feel::Value;

using Bits = std::vector<uint64_t>;

bool has(const Bits& bits, size_t i) { return (bits[i / 64] >> (i % 64) & 1) != 0; }
void put(Bits& bits, size_t i) { bits[i / 64] |= uint64_t{1} << (i % 64); }
bool is_empty(const Bits& bits) {
  return std::all_of(bits.begin(), bits.end(), [](uint64_t word) { return word == 0; });
}
Bits both(const Bits& a, const Bits& b) {
  Bits out(a.size());
  for (size_t i = 0; i < a.size(); ++i) out[i] = a[i] & b[i];
  return out;
}

// One class of an input: all its values satisfy the same cells. `sample` stands for it in examples.
struct Class {
  Value sample;
  bool is_null = false;  // the absent value; only asked about for rows that can never match
};

struct Column {
  std::vector<Class> classes;
  std::vector<Bits> cells;  // by row: the classes that satisfy it
  std::vector<bool> any;    // by row: the cell is `-`
  std::vector<bool> known;  // by row: the cell is a plain test
  std::vector<Bits> rows;   // by class: the rows whose cell is satisfied (or not known)
  bool ordered = false;     // the classes stand in order of their values
};

bool is_discrete_gap(const Value& low, const Value& high) {
  return low.kind() == Value::Kind::date && high.as_date() - low.as_date() <= 1;
}

// Strictly between the two, which are at least 2 apart: a whole day, hour, minute or second where there is one, for
// people.
int64_t middle_ms(int64_t from, int64_t to) {
  const int64_t middle = from + (to - from) / 2;
  for (const int64_t unit : {kDayMs, kDayMs / 24, kDayMs / 24 / 60, int64_t{1000}}) {
    const int64_t down = middle / unit * unit;
    for (const int64_t each : {down, down + unit}) {
      if (each > from && each < to) return each;
    }
  }
  return middle;
}

// A value strictly between the two (either may be absent); empty when there is none.
std::optional<Value> between(const std::optional<Value>& low, const std::optional<Value>& high) {
  const Value& end = low ? *low : *high;
  switch (end.kind()) {
    case Value::Kind::number: {
      using feel::Number;
      if (!low) return Value::of(*Number::subtract(high->as_number().rounded(0, Number::Rounding::floor), 1));
      if (!high) return Value::of(*Number::add(low->as_number().rounded(0, Number::Rounding::ceiling), 1));
      // A whole number where there is one, for people.
      const std::optional<Number> next = Number::add(low->as_number().rounded(0, Number::Rounding::floor), 1);
      if (next && *next > low->as_number() && *next < high->as_number()) return Value::of(*next);
      const std::optional<Number> sum = Number::add(low->as_number(), high->as_number());
      const std::optional<Number> middle = sum ? Number::divide(*sum, 2) : std::nullopt;
      if (!middle || *middle <= low->as_number() || *middle >= high->as_number()) return std::nullopt;
      return Value::of(*middle);
    }
    case Value::Kind::text: {
      if (!low) return high->as_text().empty() ? std::nullopt : std::optional<Value>(Value::text(""));
      // Readable where there is room.
      for (const char* suffix : {"0", " ", "\x01"}) {
        Value next = Value::text(low->as_text() + suffix);
        if (!high || next.as_text() < high->as_text()) return next;
      }
      return std::nullopt;
    }
    case Value::Kind::date:
      if (low && high && is_discrete_gap(*low, *high)) return std::nullopt;
      return Value::of(low ? low->as_date() + 1 : high->as_date() - 1);
    case Value::Kind::date_time: {
      const int64_t from = low ? low->as_date_time().at.ms : high->as_date_time().at.ms - 120'000;
      const int64_t to = high ? high->as_date_time().at.ms : from + 120'000;
      if (to - from < 2) return std::nullopt;
      return Value::of(feel::DateTime{Instant{middle_ms(from, to)}});
    }
    case Value::Kind::time: {
      const int64_t from = low ? low->as_time().ms_of_day : -1;
      const int64_t to = high ? high->as_time().ms_of_day : kDayMs;
      if (to - from < 2) return std::nullopt;
      return Value::of(feel::Time{middle_ms(from, to)});
    }
    case Value::Kind::days_duration: {
      const int64_t from = low ? low->as_days_duration().ms : high->as_days_duration().ms - 2 * kDayMs;
      const int64_t to = high ? high->as_days_duration().ms : from + 2 * kDayMs;
      if (to - from < 2) return std::nullopt;
      return Value::of(feel::DaysDuration{middle_ms(from, to)});
    }
    case Value::Kind::months_duration: {
      const int64_t from = low ? low->as_months_duration().months : high->as_months_duration().months - 2;
      const int64_t to = high ? high->as_months_duration().months : from + 2;
      if (to - from < 2) return std::nullopt;
      return Value::of(feel::MonthsDuration{from + 1});
    }
    default:
      return std::nullopt;
  }
}

bool is_inside(const TestShape& shape, const Class& each) {
  if (shape.any) return true;
  bool inside = each.is_null && shape.names_null;
  for (const Interval& interval : shape.intervals) {
    if (each.is_null) break;
    if (interval.low && interval.high && *interval.low == *interval.high) {
      inside = inside || feel::equals(each.sample, *interval.low) == true;
      continue;
    }
    bool holds = true;
    if (interval.low) {
      const auto order = feel::compare(each.sample, *interval.low);
      holds = order && (interval.low_open ? *order > 0 : *order >= 0);
    }
    if (holds && interval.high) {
      const auto order = feel::compare(each.sample, *interval.high);
      holds = order && (interval.high_open ? *order < 0 : *order <= 0);
    }
    inside = inside || holds;
  }
  // A null that is not named satisfies no negated cell either.
  return shape.negated ? !inside && !each.is_null : inside;
}

class Analyser {
 public:
  Analyser(const CompiledTable& table, const AnalysisOptions& options)
      : parts_(table.parts()), options_(options), effort_(options.max_effort), row_count_(parts_.rows.size()) {}

  Analysis run() {
    for (size_t i = 0; i < parts_.inputs.size(); ++i) columns_.push_back(make_column(i));
    for (size_t row = 0; row < row_count_; ++row) {
      definite_.push_back(std::all_of(columns_.begin(), columns_.end(),
                                      [&](const Column& column) { return static_cast<bool>(column.known[row]); }));
    }
    find_shared_reads();
    const HitPolicy policy = parts_.table.hit_policy;
    const bool is_single = policy == HitPolicy::unique || policy == HitPolicy::first || policy == HitPolicy::any ||
                           policy == HitPolicy::priority;
    if (is_single && !has_all_defaults()) find_gaps();
    if (policy == HitPolicy::unique || policy == HitPolicy::any) find_overlaps(policy);
    find_dead_rows(policy);
    find_unused_inputs();
    return std::move(analysis_);
  }

 private:
  void not_decided(std::string sentence) {
    if (analysis_.not_decided.size() < options_.max_reports) analysis_.not_decided.push_back(std::move(sentence));
  }
  bool spend(uint64_t effort) {
    if (effort > effort_) {
      if (!exhausted_) not_decided("the effort bound was reached; what is listed is right, but there may be more");
      exhausted_ = true;
      effort_ = 0;
      return false;
    }
    effort_ -= effort;
    return true;
  }
  bool has_all_defaults() const {
    return std::all_of(parts_.defaults.begin(), parts_.defaults.end(),
                       [](const auto& each) { return each.has_value(); });
  }

  Column make_column(size_t index) {
    Column column;
    std::vector<std::optional<TestShape>> shapes;
    const Type& type = parts_.input_types[index];
    const Input& input = parts_.table.inputs[index];
    std::vector<Value> points;
    bool is_ordered = false;  // some cell is more than a list of values
    for (size_t row = 0; row < row_count_; ++row) {
      const auto& cell = parts_.rows[row].tests[index];
      TestShape any;
      any.any = true;
      shapes.push_back(cell ? feel::shape_of(*cell) : any);
      if (!shapes.back()) {
        not_decided("row " + std::to_string(row + 1) + ", column " + std::to_string(index + 1) + ": the test \"" +
                    parts_.table.rules[row].cells[index] + "\" is beyond the check");
        continue;
      }
      for (const Interval& interval : shapes.back()->intervals) {
        const bool is_point = interval.low && interval.high && *interval.low == *interval.high;
        if (!is_point && (interval.low || interval.high)) is_ordered = true;
        if (is_point && !is_allowed(*interval.low, input)) {
          analysis_.not_allowed.push_back({static_cast<int>(row) + 1, static_cast<int>(index) + 1, *interval.low});
        }
        if (interval.low) points.push_back(*interval.low);
        if (interval.high && !is_point) points.push_back(*interval.high);
      }
    }
    if (!make_classes(column, type, input, points, is_ordered)) {
      not_decided("column " + std::to_string(index + 1) + " (" + input.label + "): its values are beyond the check");
      column.classes = {{Value(), false}};
      for (auto& shape : shapes) {
        if (!shape || !shape->any) shape.reset();
      }
    }
    column.classes.push_back({Value(), true});
    for (size_t row = 0; row < row_count_; ++row) {
      Bits bits(words(column.classes.size()));
      for (size_t c = 0; c < column.classes.size(); ++c) {
        if (!shapes[row] || is_inside(*shapes[row], column.classes[c])) put(bits, c);
      }
      column.cells.push_back(std::move(bits));
      column.any.push_back(shapes[row] && shapes[row]->any);
      column.known.push_back(shapes[row].has_value());
    }
    for (size_t c = 0; c < column.classes.size(); ++c) {
      Bits rows(words(row_count_));
      for (size_t row = 0; row < row_count_; ++row) {
        if (has(column.cells[row], c)) put(rows, row);
      }
      column.rows.push_back(std::move(rows));
    }
    return column;
  }
  static bool is_allowed(const Value& value, const Input& input) {
    return input.allowed.empty() ||
           std::any_of(input.allowed.begin(), input.allowed.end(),
                       [&](const AllowedValue& each) { return feel::equals(each.value, value) == true; });
  }
  static size_t words(size_t bits) { return bits / 64 + 1; }

  static Value some_value(const Type& type) {
    switch (type.kind) {
      case Type::Kind::text:
        return Value::text("其他值");
      case Type::Kind::number:
        return Value::of(0);
      case Type::Kind::date:
        return Value::of(Date::from(2021, 1, 1));
      default:
        return {};
    }
  }

  static bool make_classes(Column& column, const Type& type, const Input& input, std::vector<Value> points,
                           bool is_ordered) {
    if (!input.allowed.empty()) {
      for (const AllowedValue& allowed : input.allowed) column.classes.push_back({allowed.value, false});
      return true;
    }
    if (type.values) {
      for (const std::string& value : *type.values) column.classes.push_back({Value::text(value), false});
      return true;
    }
    if (type.kind == Type::Kind::boolean ||
        (type.kind == Type::Kind::any && !points.empty() &&
         std::all_of(points.begin(), points.end(), [](const Value& p) { return p.kind() == Value::Kind::boolean; }))) {
      column.classes = {{Value::of(true), false}, {Value::of(false), false}};
      return true;
    }
    if (points.empty()) {
      column.classes = {{some_value(type), false}};  // one class: every value there is
      return true;
    }
    const Value::Kind kind = points[0].kind();
    if (std::any_of(points.begin(), points.end(), [&](const Value& p) { return p.kind() != kind; })) return false;
    if (kind == Value::Kind::text && !is_ordered) {
      std::string other = "其他值";
      std::set<std::string> seen;
      for (const Value& point : points) {
        if (seen.insert(point.as_text()).second) column.classes.push_back({point, false});
      }
      while (seen.count(other) != 0) other += "…";
      column.classes.push_back({Value::text(other), false});
      return true;
    }
    // Local and zoned times have no order between them; days and moments finer or wider than the product's are beyond.
    if (std::any_of(points.begin(), points.end(),
                    [&](const Value& p) { return !feel::compare(points[0], p) || !is_plain(p); })) {
      return false;
    }
    std::sort(points.begin(), points.end(), [](const Value& a, const Value& b) { return *feel::compare(a, b) < 0; });
    points.erase(std::unique(points.begin(), points.end(),
                             [](const Value& a, const Value& b) { return *feel::compare(a, b) == 0; }),
                 points.end());
    const auto add_between = [&](const std::optional<Value>& low, const std::optional<Value>& high) {
      if (const std::optional<Value> sample = between(low, high)) column.classes.push_back({*sample, false});
    };
    // Between a string and itself with a sign below U+0001 behind it, and between two milliseconds, stand values that
    // people do not write.
    const bool is_fine = kind == Value::Kind::text || kind == Value::Kind::time || kind == Value::Kind::date_time ||
                         kind == Value::Kind::days_duration;
    if (is_fine && has_no_room(points)) return false;
    column.ordered = true;
    add_between(std::nullopt, points[0]);
    for (size_t i = 0; i < points.size(); ++i) {
      column.classes.push_back({points[i], false});
      add_between(points[i], i + 1 < points.size() ? std::optional<Value>(points[i + 1]) : std::nullopt);
    }
    return true;
  }

  // Does the value stand whole in what `between` computes with?
  static bool is_plain(const Value& value) {
    switch (value.kind()) {
      case Value::Kind::date:
        return feel::equals(Value::of(value.as_date()), value) == true;
      case Value::Kind::time:
        return feel::equals(Value::of(value.as_time()), value) == true;
      case Value::Kind::date_time:
        return feel::equals(Value::of(value.as_date_time()), value) == true;
      case Value::Kind::days_duration:
        return feel::equals(Value::of(value.as_days_duration()), value) == true;
      default:
        return true;
    }
  }
  static bool has_no_room(const std::vector<Value>& points) {
    for (size_t i = 1; i < points.size(); ++i) {
      if (!between(points[i - 1], points[i])) return true;
    }
    return false;
  }

  // Two inputs that read the same value cannot be combined freely: what is found may be impossible.
  void find_shared_reads() {
    for (size_t i = 0; i < parts_.inputs.size(); ++i) {
      for (size_t j = i + 1; j < parts_.inputs.size(); ++j) {
        for (const std::string& a : parts_.inputs[i]->reads()) {
          for (const std::string& b : parts_.inputs[j]->reads()) {
            if (a == b || a.starts_with(b + ".") || b.starts_with(a + ".")) shared_.insert({i, j});
          }
        }
      }
    }
  }
  // Do the chosen inputs (by column) include two that hang together?
  bool may_be_impossible(const std::vector<std::optional<size_t>>& chosen) const {
    return std::any_of(shared_.begin(), shared_.end(),
                       [&](const auto& pair) { return chosen[pair.first] && chosen[pair.second]; });
  }

  Example example_of(const std::vector<std::optional<size_t>>& chosen) const {
    Example example;
    for (size_t i = 0; i < chosen.size(); ++i) {
      if (!chosen[i]) continue;
      const Class& each = columns_[i].classes[*chosen[i]];
      if (!each.is_null && each.sample.is_null()) continue;  // "every value"
      example.inputs.emplace_back(parts_.table.inputs[i].expression, each.sample);
    }
    return example;
  }

  // ---- gaps: walk the columns; a set of rows that is still alive is visited once for each column.

  struct Frame {
    std::vector<std::optional<size_t>> chosen;
    std::set<std::pair<size_t, Bits>> seen;
    bool with_null = false;
    std::optional<size_t> box_row;  // only inside this row's cells
    bool found = false;
    bool stop_at_first = false;
  };

  void find_gaps() {
    Frame frame;
    frame.chosen.resize(columns_.size());
    Bits alive(words(row_count_));
    for (size_t row = 0; row < row_count_; ++row) put(alive, row);
    walk(0, alive, frame);
  }

  // Every cell of the row is a plain test.
  bool is_definite(size_t row) const { return definite_[row]; }

  void walk(size_t at, const Bits& alive, Frame& frame) {
    if ((frame.found && frame.stop_at_first) || !spend(1 + row_count_ / 8)) return;
    if (is_empty(alive)) return report_gap(frame, {});
    // A row that asks nothing more covers all that is left.
    std::vector<size_t> open_rows;
    for (size_t row = 0; row < row_count_; ++row) {
      if (!has(alive, row)) continue;
      bool covers = is_definite(row);
      for (size_t i = at; covers && i < columns_.size(); ++i) covers = columns_[i].any[row];
      if (covers) return;
      if (!is_definite(row)) open_rows.push_back(row);
    }
    if (at == columns_.size()) return report_gap(frame, open_rows);
    if (!frame.seen.insert({at, alive}).second) return;
    const Column& column = columns_[at];
    std::set<Bits> tried;
    bool in_gap = false;  // the class before this one had no row left
    for (size_t c = 0; c < column.classes.size(); ++c) {
      if (column.classes[c].is_null && !frame.with_null) continue;
      if (frame.box_row && !has(column.cells[*frame.box_row], c)) continue;
      Bits next = both(alive, column.rows[c]);
      // Gaps that do not touch are told apart.
      const bool continues = std::exchange(in_gap, is_empty(next)) && column.ordered;
      if (!tried.insert(next).second && (!in_gap || continues)) continue;
      // An input that every living row leaves open does not belong into the example.
      const bool matters = next != alive || !all_any(column, alive);
      frame.chosen[at] = matters ? std::optional<size_t>(c) : std::nullopt;
      walk(at + 1, next, frame);
      frame.chosen[at].reset();
      if (exhausted_ || (frame.found && frame.stop_at_first)) return;
    }
  }
  bool all_any(const Column& column, const Bits& rows) const {
    for (size_t row = 0; row < row_count_; ++row) {
      if (has(rows, row) && !column.any[row]) return false;
    }
    return true;
  }

  void report_gap(Frame& frame, const std::vector<size_t>& open_rows) {
    frame.found = true;
    if (frame.stop_at_first) return;
    Example example = example_of(frame.chosen);
    const std::string text = example.inputs.empty() ? "any input" : example.to_text();
    if (!open_rows.empty()) {
      not_decided("perhaps no row for " + text + ": row " + std::to_string(open_rows[0] + 1) +
                  " has a test beyond the check");
    } else if (may_be_impossible(frame.chosen)) {
      not_decided("no row for " + text + ", if that combination can happen (the inputs read the same value)");
    } else if (analysis_.gaps.size() < options_.max_reports) {
      analysis_.gaps.push_back({std::move(example)});
    }
  }

  // ---- overlaps: pairs of rows that share a class in every column.

  void find_overlaps(HitPolicy policy) {
    for (size_t a = 0; a < row_count_; ++a) {
      for (size_t b = a + 1; b < row_count_; ++b) {
        if (analysis_.overlaps.size() >= options_.max_reports || !spend(columns_.size())) return;
        check_pair(policy, a, b);
      }
    }
  }

  void check_pair(HitPolicy policy, size_t a, size_t b) {
    std::vector<std::optional<size_t>> chosen(columns_.size());
    for (size_t i = 0; i < columns_.size(); ++i) {
      const Column& column = columns_[i];
      const Bits common = both(column.cells[a], column.cells[b]);
      std::optional<size_t> first;
      for (size_t c = 0; !first && c < column.classes.size(); ++c) {
        if (!column.classes[c].is_null && has(common, c)) first = c;
      }
      if (!first) {
        // Only null satisfies both: rows that name null twice do overlap.
        const size_t null_class = column.classes.size() - 1;
        if (!has(common, null_class)) return;
        first = null_class;
      }
      if (!(column.any[a] && column.any[b])) chosen[i] = first;
    }
    if (policy == HitPolicy::any) {
      bool differ = false;
      for (size_t i = 0; i < parts_.table.outputs.size(); ++i) {
        const auto x = parts_.rows[a].outputs[i]->constant();
        const auto y = parts_.rows[b].outputs[i]->constant();
        if (parts_.rows[a].outputs[i]->text() == parts_.rows[b].outputs[i]->text()) continue;
        if (!x || !y) {
          not_decided(pair_text(a, b) + " can both match; whether their outputs are equal is beyond the check");
          return;
        }
        differ = differ || !(*x == *y);
      }
      if (!differ) return;
    }
    Example example = example_of(chosen);
    if (!is_definite(a) || !is_definite(b)) {
      not_decided(pair_text(a, b) + " may both match: a test is beyond the check");
    } else if (may_be_impossible(chosen)) {
      not_decided(pair_text(a, b) + " both match for " + example.to_text() +
                  ", if that combination can happen (the inputs read the same value)");
    } else {
      analysis_.overlaps.push_back({static_cast<int>(a) + 1, static_cast<int>(b) + 1, std::move(example)});
    }
  }
  static std::string pair_text(size_t a, size_t b) {
    return "rows " + std::to_string(a + 1) + " and " + std::to_string(b + 1);
  }

  // ---- rows that never match. Absent values count: a last row of `-` catches them.

  void find_dead_rows(HitPolicy policy) {
    for (size_t row = 0; row < row_count_ && !exhausted_; ++row) {
      const bool has_empty_cell = std::any_of(columns_.begin(), columns_.end(), [&](const Column& column) {
        return column.known[row] && is_empty(column.cells[row]);
      });
      if (has_empty_cell) {
        analysis_.never_match.push_back(static_cast<int>(row) + 1);
        continue;
      }
      if (policy != HitPolicy::first || row == 0 || !is_definite(row)) continue;
      Frame frame;
      frame.chosen.resize(columns_.size());
      frame.with_null = true;
      frame.box_row = row;
      frame.stop_at_first = true;
      Bits earlier(words(row_count_));
      for (size_t each = 0; each < row; ++each) {
        if (is_definite(each)) put(earlier, each);
      }
      walk(0, earlier, frame);
      if (!frame.found && !exhausted_) analysis_.never_match.push_back(static_cast<int>(row) + 1);
    }
  }

  void find_unused_inputs() {
    for (size_t i = 0; i < columns_.size() && row_count_ > 0; ++i) {
      const std::vector<bool>& any = columns_[i].any;
      if (std::all_of(any.begin(), any.end(), [](bool each) { return each; }))
        analysis_.unused_inputs.push_back(static_cast<int>(i) + 1);
    }
  }

  const CompiledTable::Parts& parts_;
  const AnalysisOptions& options_;
  uint64_t effort_;
  size_t row_count_;
  bool exhausted_ = false;
  std::vector<Column> columns_;
  std::vector<bool> definite_;
  std::set<std::pair<size_t, size_t>> shared_;
  Analysis analysis_;
};

}  // namespace

std::string Example::to_text() const {
  std::string out;
  for (const auto& [name, value] : inputs) out += (out.empty() ? "" : ", ") + name + " = " + value.to_text();
  return out;
}

Analysis analyse(const CompiledTable& table, const AnalysisOptions& options) { return Analyser(table, options).run(); }

}  // namespace tongban::dmn
