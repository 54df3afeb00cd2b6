// Range functions (DMN 1.5 §10.3.4.7, table 78): how points and ranges lie to each other. A point is the range that
// begins and ends with it. An end that is open to infinity lies beyond every value.
#include "feel/built_ins.h"

namespace tongban::feel {
namespace {

using Kind = Value::Kind;

struct End {
  const Value* value = nullptr;  // nullptr: infinity
  int infinity = 0;              // -1, 0, 1
  bool included = false;
};
struct Stretch {
  End start, end;
  bool is_point = false;
};

std::optional<std::strong_ordering> order(const End& a, const End& b) {
  if (a.infinity != 0 || b.infinity != 0) return a.infinity <=> b.infinity;
  return compare(*a.value, *b.value);
}

std::optional<Stretch> stretch_of(const Value& argument) {
  const Value& value = single(argument);
  if (value.kind() == Kind::range) {
    const Range& range = value.as_range();
    if (range.form == Range::Form::not_equal) return std::nullopt;
    Stretch stretch;
    stretch.start = range.low ? End{range.low.get(), 0, !range.low_open} : End{nullptr, -1, false};
    stretch.end = range.high ? End{range.high.get(), 0, !range.high_open} : End{nullptr, 1, false};
    return stretch;
  }
  if (!compare(value, value)) return std::nullopt;
  return Stretch{{&value, 0, true}, {&value, 0, true}, true};
}

// What the table says of two stretches a and b, by how their ends lie.
struct Ends {
  std::strong_ordering start_start, end_end, start_end, end_start;
  const Stretch& a;
  const Stretch& b;
};

bool before(const Ends& e) {
  return e.end_start < 0 || (e.end_start == 0 && (!e.a.end.included || !e.b.start.included));
}
bool after(const Ends& e) {
  return e.start_end > 0 || (e.start_end == 0 && (!e.a.start.included || !e.b.end.included));
}
bool meets(const Ends& e) { return e.end_start == 0 && e.a.end.included && e.b.start.included; }
bool met_by(const Ends& e) { return e.start_end == 0 && e.a.start.included && e.b.end.included; }
bool overlaps(const Ends& e) { return !before(e) && !after(e); }
bool overlaps_before(const Ends& e) {
  const bool starts_first = e.start_start < 0 || (e.start_start == 0 && e.a.start.included && !e.b.start.included);
  const bool ends_first = e.end_end < 0 || (e.end_end == 0 && (!e.a.end.included || e.b.end.included));
  return starts_first && !before(e) && ends_first;
}
bool overlaps_after(const Ends& e) {
  const bool starts_later = e.start_start > 0 || (e.start_start == 0 && e.b.start.included && !e.a.start.included);
  const bool ends_later = e.end_end > 0 || (e.end_end == 0 && (!e.b.end.included || e.a.end.included));
  return starts_later && !after(e) && ends_later;
}
bool finishes(const Ends& e) {
  if (e.a.is_point) return e.end_end == 0 && e.b.end.included;
  const bool starts_within = e.start_start > 0 || (e.start_start == 0 && (!e.a.start.included || e.b.start.included));
  return e.end_end == 0 && e.a.end.included == e.b.end.included && starts_within;
}
bool starts(const Ends& e) {
  if (e.a.is_point) return e.start_start == 0 && e.b.start.included;
  const bool ends_within = e.end_end < 0 || (e.end_end == 0 && (!e.a.end.included || e.b.end.included));
  return e.start_start == 0 && e.a.start.included == e.b.start.included && ends_within;
}
bool during(const Ends& e) {
  const bool starts_within = e.start_start > 0 || (e.start_start == 0 && (e.b.start.included || !e.a.start.included));
  const bool ends_within = e.end_end < 0 || (e.end_end == 0 && (e.b.end.included || !e.a.end.included));
  return starts_within && ends_within;
}
bool coincides(const Ends& e) {
  return e.start_start == 0 && e.end_end == 0 && e.a.start.included == e.b.start.included &&
         e.a.end.included == e.b.end.included;
}

enum class Takes { anything, ranges, point_or_range_and_range, range_and_point_or_range, alike };

template <bool (*relation)(const Ends&), Takes takes, bool swapped>
Value relate(Arguments given, Call&) {
  const std::optional<Stretch> first = stretch_of(given[0]);
  const std::optional<Stretch> second = stretch_of(given[1]);
  if (!first || !second) return {};
  if (takes == Takes::ranges && (first->is_point || second->is_point)) return {};
  if (takes == Takes::point_or_range_and_range && second->is_point) return {};
  if (takes == Takes::range_and_point_or_range && first->is_point) return {};
  if (takes == Takes::alike && first->is_point != second->is_point) return {};
  const Stretch& a = swapped ? *second : *first;
  const Stretch& b = swapped ? *first : *second;
  const auto start_start = order(a.start, b.start);
  const auto end_end = order(a.end, b.end);
  const auto start_end = order(a.start, b.end);
  const auto end_start = order(a.end, b.start);
  if (!start_start || !end_end || !start_end || !end_start) return {};
  return Value::of(relation({*start_start, *end_end, *start_end, *end_start, a, b}));
}

}  // namespace

void add_ranges(std::vector<BuiltIn>& table) {
  const Type any = Type::any();
  const Type range{Type::Kind::range, {}, {}};
  BuiltInMaker make{"10.3.4.7", table};
  const auto add = [&](const char* name, std::vector<std::vector<std::string>> forms, const char* doc,
                       Value (*call)(Arguments, Call&)) {
    for (const std::vector<std::string>& form : forms) {
      std::vector<Parameter> parameters;
      for (const std::string& parameter : form) parameters.push_back({parameter, any});
      make.add(name, std::move(parameters), Type::boolean(), doc, call);
    }
  };
  using Forms = std::vector<std::vector<std::string>>;
  const Forms all = {{"point1", "point2"}, {"point", "range"}, {"range", "point"}, {"range1", "range2"}};
  const Forms ranges = {{"range1", "range2"}};
  const Forms within = {{"point", "range"}, {"range1", "range2"}};
  const Forms around = {{"range", "point"}, {"range1", "range2"}};
  const Forms alike = {{"point1", "point2"}, {"range1", "range2"}};
  add("before", all, "Does the first lie wholly before the second?", relate<before, Takes::anything, false>);
  add("after", all, "Does the first lie wholly after the second?", relate<after, Takes::anything, false>);
  add("meets", ranges, "Does the first range end where the second begins?", relate<meets, Takes::ranges, false>);
  add("met by", ranges, "Does the first range begin where the second ends?", relate<met_by, Takes::ranges, false>);
  add("overlaps", ranges, "Have the ranges something in common?", relate<overlaps, Takes::ranges, false>);
  add("overlaps before", ranges, "Does the first begin before the second and end within it?",
      relate<overlaps_before, Takes::ranges, false>);
  add("overlaps after", ranges, "Does the first begin within the second and end after it?",
      relate<overlaps_after, Takes::ranges, false>);
  add("finishes", within, "Does the first end with the second range and begin within it?",
      relate<finishes, Takes::point_or_range_and_range, false>);
  add("finished by", around, "Does the second end with the first range and begin within it?",
      relate<finishes, Takes::range_and_point_or_range, true>);
  add("includes", around, "Does the range hold all of the second?",
      relate<during, Takes::range_and_point_or_range, true>);
  add("during", within, "Does the second range hold all of the first?",
      relate<during, Takes::point_or_range_and_range, false>);
  add("starts", within, "Does the first begin with the second range and end within it?",
      relate<starts, Takes::point_or_range_and_range, false>);
  add("started by", around, "Does the second begin with the first range and end within it?",
      relate<starts, Takes::range_and_point_or_range, true>);
  add("coincides", alike, "Are the two the same?", relate<coincides, Takes::alike, false>);
}

}  // namespace tongban::feel
