// Numeric functions (DMN 1.5 §10.3.4.5).
#include "feel/built_ins.h"
#include "feel/decimal.h"

namespace tongban::feel {
namespace {

using Kind = Value::Kind;

template <Number::Rounding rounding>
Value round(Arguments a, Call&) {
  const Value* number = as(a[0], Kind::number);
  int64_t scale = 0;
  if (a.size() > 1) {
    const auto wanted = cut_to_whole(a[1]);
    if (!wanted || *wanted < -6111 || *wanted > 6176) return {};
    scale = *wanted;
  }
  return number != nullptr ? Value::of(number->as_number().rounded(static_cast<int>(scale), rounding)) : Value();
}

Value absolute(Arguments a, Call&) {
  const Value& value = single(a[0]);
  switch (value.kind()) {
    case Kind::number:
      return Value::of(value.as_number().absolute());
    case Kind::days_duration:
      return value.as_span().seconds < 0 ? negate(value) : value;
    case Kind::months_duration:
      return value.as_months_duration().months < 0 ? negate(value) : value;
    default:
      return {};
  }
}

Value modulo(Arguments a, Call&) {
  const Value* x = as(a[0], Kind::number);
  const Value* y = as(a[1], Kind::number);
  return x != nullptr && y != nullptr ? number_or_null(Number::modulo(x->as_number(), y->as_number())) : Value();
}

template <std::optional<Number> (*function)(const Number&)>
Value of_number(Arguments a, Call& call) {
  const Value* x = as(a[0], Kind::number);
  if (x == nullptr || !call.spend(50)) return {};
  return number_or_null(function(x->as_number()));
}

template <bool wanted_odd>
Value is_odd(Arguments a, Call&) {
  const Value* x = as(a[0], Kind::number);
  if (x == nullptr || !x->as_number().is_integer()) return {};
  return Value::of((*Number::modulo(x->as_number(), 2) == Number(1)) == wanted_odd);
}

}  // namespace

void add_numbers(std::vector<BuiltIn>& table) {
  using R = Number::Rounding;
  const Type number = Type::number();
  const Type boolean = Type::boolean();
  const Parameter n{"n", number};
  const Parameter scale{"scale", number};
  const Parameter maybe_scale{"scale", number, true};
  BuiltInMaker make{"10.3.4.5", table};
  make.add("decimal", {n, scale}, number, "Rounded half-even to scale digits after the point.", round<R::half_even>);
  make.add("floor", {n, maybe_scale}, number, "Rounded down.", round<R::floor>);
  make.add("ceiling", {n, maybe_scale}, number, "Rounded up.", round<R::ceiling>);
  make.add("round up", {n, scale}, number, "Rounded away from zero.", round<R::up>);
  make.add("round down", {n, scale}, number, "Rounded towards zero.", round<R::down>);
  make.add("round half up", {n, scale}, number, "Rounded, halves away from zero.", round<R::half_up>);
  make.add("round half down", {n, scale}, number, "Rounded, halves towards zero.", round<R::half_down>);
  make.add("abs", {{"n", Type::any()}}, Type::any(), "The value without its sign.", absolute);
  make.add("modulo", {{"dividend", number}, {"divisor", number}}, number,
           "The rest of a division, with the divisor's sign.", modulo);
  make.add("sqrt", {{"number", number}}, number, "The square root; null of a negative number.", of_number<square_root>);
  make.add("log", {{"number", number}}, number, "The natural logarithm; null unless the number is above zero.",
           of_number<natural_logarithm>);
  make.add("exp", {{"number", number}}, number, "Euler's number to this power.", of_number<exponential>);
  make.add("odd", {{"number", number}}, boolean, "Is the whole number odd?", is_odd<true>);
  make.add("even", {{"number", number}}, boolean, "Is the whole number even?", is_odd<false>);
  BuiltInMaker extension{"extension", table};
  extension.add("round half even", {n, scale}, number, "Rounded, halves to the even digit, as decimal does.",
                round<R::half_even>);
}

}  // namespace tongban::feel
