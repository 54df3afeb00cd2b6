// List functions (DMN 1.5 §10.3.4.4) and sort (§10.3.4.9).
#include <algorithm>

#include "feel/built_ins.h"
#include "feel/decimal.h"

namespace tongban::feel {
namespace {

using Kind = Value::Kind;

Value list_contains(Arguments a, Call& call) {
  const std::optional<List> list = list_of(a[0]);
  if (!list || !call.spend(list->size())) return {};
  return Value::of(
      std::any_of(list->begin(), list->end(), [&](const Value& item) { return equals(item, a[1]) == true; }));
}
Value count(Arguments a, Call&) {
  if (a[0].is_null()) return {};
  return Value::of(static_cast<int64_t>(a[0].kind() == Kind::list ? a[0].as_list().size() : 1));
}
template <int sign>
Value extreme(Arguments a, Call& call) {
  const std::optional<List> list = variadic_list(a);
  if (!list || list->empty() || !call.spend(list->size())) return {};
  Value best = (*list)[0];
  if (!compare(best, best)) return {};
  for (const Value& item : *list) {
    const auto order = compare(item, best);
    if (!order) return {};
    if (sign > 0 ? *order > 0 : *order < 0) best = item;
  }
  return best;
}
template <Op op>
Value accumulate(Arguments a, Call& call) {
  const std::optional<List> list = variadic_list(a);
  if (!list || list->empty() || !call.spend(list->size())) return {};
  Value total = (*list)[0];
  const bool is_duration = total.kind() == Kind::days_duration || total.kind() == Kind::months_duration;
  if (total.kind() != Kind::number && !(op == Op::add && is_duration)) return {};
  for (size_t i = 1; i < list->size(); ++i) {
    if ((*list)[i].kind() != total.kind()) return {};
    total = calculate(op, total, (*list)[i]);
  }
  return total;
}
Value mean(Arguments a, Call& call) {
  const std::optional<List> list = variadic_list(a);
  if (!list || list->empty()) return {};
  const Value total = accumulate<Op::add>(a, call);
  return total.is_null() ? Value() : calculate(Op::divide, total, Value::of(static_cast<int64_t>(list->size())));
}
// All numbers; empty when something else is among them.
std::optional<std::vector<Number>> numbers_of(Arguments a, Call& call) {
  const std::optional<List> list = variadic_list(a);
  if (!list || !call.spend(2 * list->size())) return std::nullopt;
  std::vector<Number> numbers;
  for (const Value& item : *list) {
    if (item.kind() != Kind::number) return std::nullopt;
    numbers.push_back(item.as_number());
  }
  return numbers;
}
Value median(Arguments a, Call& call) {
  std::optional<std::vector<Number>> numbers = numbers_of(a, call);
  if (!numbers || numbers->empty()) return {};
  std::sort(numbers->begin(), numbers->end());
  const size_t middle = numbers->size() / 2;
  if (numbers->size() % 2 == 1) return Value::of((*numbers)[middle]);
  const std::optional<Number> sum = Number::add((*numbers)[middle - 1], (*numbers)[middle]);
  return sum ? number_or_null(Number::divide(*sum, 2)) : Value();
}
Value stddev(Arguments a, Call& call) {
  const std::optional<std::vector<Number>> numbers = numbers_of(a, call);
  if (!numbers || numbers->size() < 2) return {};
  if (!call.spend(20 * numbers->size())) return {};
  return number_or_null(sample_deviation(*numbers));
}
Value mode(Arguments a, Call& call) {
  std::optional<std::vector<Number>> numbers = numbers_of(a, call);
  if (!numbers) return {};
  std::sort(numbers->begin(), numbers->end());
  List out;
  size_t most = 0;
  for (size_t i = 0; i < numbers->size();) {
    size_t end = i;
    while (end < numbers->size() && (*numbers)[end] == (*numbers)[i]) ++end;
    if (end - i > most) out.clear();
    if (end - i >= most) out.push_back(Value::of((*numbers)[i]));
    most = std::max(most, end - i);
    i = end;
  }
  return Value::list(std::move(out));
}
template <bool wanted_all>
Value all_or_any(Arguments a, Call& call) {
  const std::optional<List> list = variadic_list(a);
  if (!list || !call.spend(list->size())) return {};
  bool unknown = false;
  for (const Value& item : *list) {
    if (item.kind() != Kind::boolean) {
      unknown = true;
    } else if (item.is_true() != wanted_all) {
      return item;
    }
  }
  return unknown ? Value() : Value::of(wanted_all);
}
Value sublist(Arguments a, Call& call) {
  const std::optional<List> list = list_of(a[0]);
  if (!list || !call.spend(list->size())) return {};
  const auto start = position_in(*list, a[1]);
  if (!start) return {};
  size_t length = list->size() - *start;
  if (has(a, 2)) {
    const auto wanted = cut_to_whole(a[2]);
    if (!wanted || *wanted < 1 || static_cast<uint64_t>(*wanted) > length) return {};
    length = static_cast<size_t>(*wanted);
  }
  const auto first = list->begin() + static_cast<ptrdiff_t>(*start);
  return Value::list(List(first, first + static_cast<ptrdiff_t>(length)));
}
Value append(Arguments a, Call& call) {
  std::optional<List> list = list_of(a[0]);
  if (!list || !call.spend(list->size() + a.size())) return {};
  list->insert(list->end(), a.begin() + 1, a.end());
  return Value::list(std::move(*list));
}
Value concatenate(Arguments a, Call& call) {
  List out;
  for (const Value& part : a) {
    const std::optional<List> list = list_of(part);
    if (!list || !call.spend(list->size())) return {};
    out.insert(out.end(), list->begin(), list->end());
  }
  return Value::list(std::move(out));
}
Value distinct(const List& list, Call& call) {
  List out;
  for (const Value& item : list) {
    if (!call.spend(1 + out.size() / 8)) return {};
    if (std::none_of(out.begin(), out.end(), [&](const Value& seen) { return equals(seen, item) == true; })) {
      out.push_back(item);
    }
  }
  return Value::list(std::move(out));
}
Value distinct_values(Arguments a, Call& call) {
  const std::optional<List> list = list_of(a[0]);
  return list ? distinct(*list, call) : Value();
}
Value make_union(Arguments a, Call& call) {
  const Value all = concatenate(a, call);
  return all.is_null() ? all : distinct(all.as_list(), call);
}
void flatten_into(const Value& value, List& out, Call& call) {
  if (!call.spend(1)) return;
  if (value.kind() != Kind::list) {
    out.push_back(value);
    return;
  }
  for (const Value& item : value.as_list()) flatten_into(item, out, call);  // as deep as values may be
}
Value flatten(Arguments a, Call& call) {
  if (a[0].is_null()) return {};
  List out;
  flatten_into(a[0], out, call);
  return Value::list(std::move(out));
}
Value index_of(Arguments a, Call& call) {
  const std::optional<List> list = list_of(a[0]);
  if (!list || !call.spend(list->size())) return {};
  List out;
  for (size_t i = 0; i < list->size(); ++i) {
    if (equals((*list)[i], a[1]) == true) out.push_back(Value::of(static_cast<int64_t>(i) + 1));
  }
  return Value::list(std::move(out));
}
Value reverse(Arguments a, Call& call) {
  std::optional<List> list = list_of(a[0]);
  if (!list || !call.spend(list->size())) return {};
  std::reverse(list->begin(), list->end());
  return Value::list(std::move(*list));
}
Value insert_before(Arguments a, Call& call) {
  std::optional<List> list = list_of(a[0]);
  if (!list || !call.spend(list->size())) return {};
  const auto at = position_in(*list, a[1]);
  if (!at) return {};
  list->insert(list->begin() + static_cast<ptrdiff_t>(*at), a[2]);
  return Value::list(std::move(*list));
}
Value remove(Arguments a, Call& call) {
  std::optional<List> list = list_of(a[0]);
  if (!list || !call.spend(list->size())) return {};
  const auto at = position_in(*list, a[1]);
  if (!at) return {};
  list->erase(list->begin() + static_cast<ptrdiff_t>(*at));
  return Value::list(std::move(*list));
}
// At a position, or every item for which match(item, newItem) is true.
Value list_replace(Arguments a, Call& call) {
  std::optional<List> list = list_of(a[0]);
  if (!list || !call.spend(list->size())) return {};
  if (a[1].kind() != Kind::function) {
    const auto at = position_in(*list, a[1]);
    if (!at) return {};
    (*list)[*at] = a[2];
    return Value::list(std::move(*list));
  }
  const Callable& match = *a[1].as_function();
  for (Value& item : *list) {
    const Value pair[] = {item, a[2]};
    const Value verdict = feel::call(match, pair, call.budget);
    if (!call.budget.error.empty() || verdict.kind() != Kind::boolean) return {};
    if (verdict.is_true()) item = a[2];
  }
  return Value::list(std::move(*list));
}

// A stable merge sort: it asks n log n times whatever the function answers, and never leaves the list.
Value sort(Arguments a, Call& call) {
  std::optional<List> list = list_of(a[0]);
  if (!list || a[1].kind() != Kind::function) return {};
  const Callable& precedes = *a[1].as_function();
  if (precedes.parameters.size() != 2) return {};
  List from = std::move(*list);
  List to(from.size());
  for (size_t width = 1; width < from.size(); width *= 2) {
    for (size_t start = 0; start < from.size(); start += 2 * width) {
      const size_t middle = std::min(start + width, from.size());
      const size_t end = std::min(start + 2 * width, from.size());
      size_t left = start;
      size_t right = middle;
      for (size_t out = start; out < end; ++out) {
        bool take_right = left == middle;
        if (left < middle && right < end) {
          const Value pair[] = {from[right], from[left]};
          take_right = feel::call(precedes, pair, call.budget).is_true();
          if (!call.budget.error.empty()) return {};
        }
        to[out] = take_right ? from[right++] : from[left++];
      }
    }
    std::swap(from, to);
  }
  return Value::list(std::move(from));
}

}  // namespace

void add_lists(std::vector<BuiltIn>& table) {
  const Type any = Type::any();
  const Type number = Type::number();
  const Type boolean = Type::boolean();
  const Type list{Type::Kind::list, {}, {}};
  const Type function{Type::Kind::function, {}, {}};
  BuiltInMaker make{"10.3.4.4", table};
  make.add("list contains", {{"list", list}, {"element", any}}, boolean, "Is the element in the list?", list_contains);
  make.add("count", {{"list", list}}, number, "The number of items.", count);
  make.add_variadic("min", {{"list", any}}, any, "The least item.", extreme<-1>);
  make.add_variadic("max", {{"list", any}}, any, "The greatest item.", extreme<1>);
  make.add_variadic("sum", {{"list", any}}, any, "The sum of the items; null for an empty list.", accumulate<Op::add>);
  make.add_variadic("product", {{"list", any}}, number, "The product of the items.", accumulate<Op::multiply>);
  make.add_variadic("mean", {{"list", any}}, any, "The arithmetic mean of the items.", mean);
  make.add_variadic("median", {{"list", any}}, number, "The item in the middle, or the mean of the two.", median);
  make.add_variadic("stddev", {{"list", any}}, number, "The standard deviation of the sample.", stddev);
  make.add_variadic("mode", {{"list", any}}, Type::list_of(number), "The most frequent items, in rising order.", mode);
  make.add_variadic("all", {{"list", any}}, boolean, "Are all items true? Null when that is unknown.",
                    all_or_any<true>);
  make.add_variadic("any", {{"list", any}}, boolean, "Is any item true? Null when that is unknown.", all_or_any<false>);
  make.add("sublist", {{"list", list}, {"start position", number}, {"length", number, true}}, list,
           "The part from a position, with length items.", sublist);
  make.add_variadic("append", {{"list", list}, {"item", any}}, list, "The list with more items at its end.", append);
  make.add_variadic("concatenate", {{"list", list}}, list, "The lists one behind the other.", concatenate);
  make.add("insert before", {{"list", list}, {"position", number}, {"newItem", any}}, list,
           "The list with an item put in.", insert_before);
  make.add("remove", {{"list", list}, {"position", number}}, list, "The list without one item.", remove);
  make.add("list replace", {{"list", list}, {"position", any}, {"newItem", any}}, list,
           "The list with the item at a position replaced.", list_replace);
  make.add("list replace", {{"list", list}, {"match", function}, {"newItem", any}}, list,
           "The list with every item replaced for which match(item, newItem) is true.", list_replace);
  make.add("reverse", {{"list", list}}, list, "The list backwards.", reverse);
  make.add("index of", {{"list", list}, {"match", any}}, Type::list_of(number), "The positions of equal items.",
           index_of);
  make.add_variadic("union", {{"list", list}}, list, "The lists one behind the other, without doubles.", make_union);
  make.add("distinct values", {{"list", list}}, list, "The list without doubles.", distinct_values);
  make.add("flatten", {{"list", list}}, list, "The list with inner lists opened.", flatten);
  BuiltInMaker sorting{"10.3.4.9", table};
  sorting.add("sort", {{"list", list}, {"precedes", function}}, list,
              "The list in the order in which precedes(a, b) is true for neighbours; equal items keep their order.",
              sort);
}

}  // namespace tongban::feel
