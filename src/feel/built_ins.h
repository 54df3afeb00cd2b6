// What the families of built-ins share; private to feel. A family's table is data: name, parameters, result, one
// sentence, chapter of DMN 1.5, code. Arguments arrive as the evaluator found them: a wrong kind gives null (strict
// compiling has refused what is known to be wrong).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "feel/code.h"

namespace tongban::feel {

using Arguments = std::span<const Value>;
using Parameter = Function::Parameter;

inline Value number_or_null(const std::optional<Number>& number) { return number ? Value::of(*number) : Value(); }
// The argument, or the only item of the list it is (§10.3.2.9.4); nullptr when it is of another kind.
const Value* as(const Value& value, Value::Kind wanted);
const Value& single(const Value& value);
bool has(Arguments a, size_t i);  // given and not null
// The list; a single value is a list of one. Null stays null.
std::optional<List> list_of(const Value& value);
// f(1, 2, 3) and f([1, 2, 3]).
std::optional<List> variadic_list(Arguments a);
std::optional<int64_t> whole(const Value& value);
// A position or scale: what a number has behind its point is cut off.
std::optional<int64_t> cut_to_whole(const Value& value);
// Where a position counts from 1, or from the end when negative.
std::optional<size_t> position_in(const List& list, const Value& position);

// A built-in whose argument 1 is a regular expression: where its flags stand.
std::optional<size_t> flags_of_pattern(std::string_view function);

struct BuiltInMaker {
  std::string chapter;
  std::vector<BuiltIn>& table;
  BuiltIn& add(std::string name, std::vector<Parameter> parameters, Type result, std::string doc,
               Value (*call)(Arguments, Call&));
  BuiltIn& add_variadic(std::string name, std::vector<Parameter> parameters, Type result, std::string doc,
                        Value (*call)(Arguments, Call&));
};

void add_conversions(std::vector<BuiltIn>& table);
void add_texts(std::vector<BuiltIn>& table);
void add_lists(std::vector<BuiltIn>& table);
void add_numbers(std::vector<BuiltIn>& table);
void add_ranges(std::vector<BuiltIn>& table);
void add_temporals(std::vector<BuiltIn>& table);
void add_contexts(std::vector<BuiltIn>& table);

}  // namespace tongban::feel
