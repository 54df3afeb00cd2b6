// FEEL, the expression language of DMN 1.5 (chapter 10): compile a text against a scope once, evaluate it often.
//
// Promises: an Expression is immutable and may be evaluated from any thread; evaluation reads nothing but the slots and
// the EvalContext (no clock, no calendar, no file), ends within the step limit, and never throws. Numbers are exact.
// Compiling returns all problems it can find, with line and column; nested text beyond kMaxDepth is refused.
//
// Names may be Chinese and may contain spaces or operators (`first name`, `a-b`): the longest name known to the scope
// wins. Full-width punctuation is refused with a hint.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/date.h"
#include "base/result.h"
#include "feel/value.h"

namespace tongban::feel {

inline constexpr int kMaxDepth = 200;            // nesting of one expression
inline constexpr size_t kMaxTextBytes = 65'536;  // one expression
inline constexpr uint64_t kDefaultSteps = 1'000'000;

// A fault of the text, for its author. `line` and `column` count from 1 (columns in characters) within the given text.
struct Problem {
  int line = 1;
  int column = 1;
  std::string message;  // what is wrong, what was expected, perhaps "did you mean …?"
};

// ---- types ------------------------------------------------------------------------------------------------------

class Scope;

struct Type {
  enum class Kind : uint8_t {
    any,
    null,
    boolean,
    number,
    text,
    date,
    time,
    date_time,
    days_duration,
    months_duration,
    list,
    context,
    range,
    function
  };
  struct Member;
  Kind kind = Kind::any;
  std::shared_ptr<const Type> element;                 // of a list or range, result of a function; nullptr: any
  std::shared_ptr<const std::vector<Member>> members;  // of a context, parameters of a function; nullptr: any
  // Of a string: the only values it may have. A literal compared with it must be one of them (a misspelt one is a
  // Problem). Not part of equality, nor of what conforms.
  std::shared_ptr<const std::vector<std::string>> values;

  static Type any() { return {}; }
  static Type boolean() { return {Kind::boolean, {}, {}}; }
  static Type number() { return {Kind::number, {}, {}}; }
  static Type text() { return {Kind::text, {}, {}}; }
  static Type one_of(std::vector<std::string> values);  // a string with allowed values
  static Type date() { return {Kind::date, {}, {}}; }
  static Type time() { return {Kind::time, {}, {}}; }
  static Type date_time() { return {Kind::date_time, {}, {}}; }
  static Type days_duration() { return {Kind::days_duration, {}, {}}; }
  static Type months_duration() { return {Kind::months_duration, {}, {}}; }
  static Type list_of(Type element);
  static Type range_of(Type element);
  static Type context_of(std::vector<Member> members);  // a closed context: another member is a Problem
  static Type function_of(std::vector<Member> parameters, Type result);
  static Type open_context() { return {Kind::context, {}, {}}; }
  // A limit as officials write it: {n: number, unit: "working_days"…} (KERNEL §11).
  static Type limit();

  bool operator==(const Type& other) const;
  const Type* find_member(std::string_view name) const;  // nullptr when unknown
  // "number", "list of string", "context {n: number, unit: string}".
  std::string to_text() const;
};
struct Type::Member {
  std::string name;
  Type type;
};

// "string" "number" "boolean" "date" "time" "date and time" "days and time duration" "years and months duration" "Any"
// "limit" "context" "list of …" "list<…>" "range<…>" "context<a: …, b: …>" "function<…> -> …"; empty for another text.
// Names of the product's own fields (pack) are mapped by the caller, or known to the scope.
std::optional<Type> parse_type(std::string_view text);
std::optional<Type> parse_type(std::string_view text, const Scope& scope);

// May a value of type `actual` stand where `wanted` is expected? `any` and null fit everywhere.
bool conforms(const Type& actual, const Type& wanted);
// Does the value have the type? Null has every type.
bool has_type(const Value& value, const Type& type);
// The most exact type of a value: what a list or context holds, what a function takes and gives.
Type type_of(const Value& value);
// FEEL's `instance of`: null is an instance of nothing but Null, a context needs every member of the type.
bool is_instance(const Value& value, const Type& type);
// The value as an argument or result of the type (§10.3.2.9.4): as it is when it has the type; a list of one as its
// item, an item as a list of one, a date as the date and time of its UTC midnight; empty when nothing fits.
std::optional<Value> convert(const Value& value, const Type& type);
// Reads JSON-like values by type: text "2021-02-05" becomes a date where a date is wanted, digits a number, ISO text
// date and time, time, durations; lists and context members likewise. A failure names the member and what was expected.
Result<Value> coerce(const Value& value, const Type& type);

// ---- scope ------------------------------------------------------------------------------------------------------

struct Variable {
  std::string name;
  Type type;
};

// Nodes of the compiled form that may be open at once, through all calls: what recursion costs of the stack.
inline constexpr int kMaxOpenNodes = 6'000;

// What an extension function says of how it came to its answer: for a trace and for people.
struct Note {
  std::string function;
  std::string text;          // sentences
  json::object data;         // the same as data, in a form that the function's documentation describes
  bool provisional = false;  // the answer may change when more becomes known
};

struct EvalContext {
  Instant now;                         // what now() and today() give: the act's time
  uint64_t max_steps = kDefaultSteps;  // beyond it evaluation ends with an error
  const void* host = nullptr;          // the host's own, handed to its extension functions as it is
  bool has_now = true;                 // false: now() and today() are null, for want of a time
  int max_open_nodes = kMaxOpenNodes;  // beyond it recursion ends with an error
  std::vector<Note>* notes = nullptr;  // where extension functions put their notes, in order of their calls; not shared
};

// What an evaluation may still spend; it goes through every call. One evaluation, one thread.
struct Budget {
  explicit Budget(const EvalContext& eval)
      : context(eval), steps_left(eval.max_steps), nodes_left(eval.max_open_nodes) {}
  const EvalContext& context;
  uint64_t steps_left;
  int nodes_left;
  std::string error;                 // set: the evaluation ends
  std::vector<std::string> missing;  // paths of null values that calls read
  // Counts work; false, with an error, when the bound is reached.
  bool spend(uint64_t steps);
  void fail(std::string message) {
    if (error.empty()) error = std::move(message);
  }
};

// An extension function of the host (working days…). It must be pure for equal arguments and context; a failure ends
// the evaluation with its message. It is called from any thread.
struct Function {
  struct Parameter {
    std::string name;
    Type type;
    bool optional = false;             // left out or null: null arrives
    std::shared_ptr<const Type> also;  // another type that it may have (a date and time where a date is meant)
  };
  std::string name;
  std::vector<Parameter> parameters;
  Type result;
  std::string doc;  // one sentence
  std::function<Result<Value>(std::span<const Value>, const EvalContext&)> call;
};

// A function as a value: `function(a, b) …`, or one of the host (a business knowledge model, a decision service). Made
// once, called from any thread.
struct Callable {
  std::vector<Function::Parameter> parameters;
  Type result;
  bool variadic = false;  // a built-in that takes any number of arguments: sum(1, 2, 3)
  // One argument for each parameter, of its type or null. Null with a `budget.error` ends the evaluation.
  std::function<Value(std::span<const Value> arguments, Budget& budget)> call;
  Type type() const;
};
// Calls by position. Null when the number of arguments or their types (after `convert`) do not fit.
Value call(const Callable& function, std::span<const Value> arguments, Budget& budget);

// What an expression may name: variables (the slot index is the position) and functions beside the built-in ones. Build
// it, then share it; compiling only reads it.
class Scope {
 public:
  Scope() = default;
  explicit Scope(std::vector<Variable> variables);
  // The slot. A name twice is a bug of the caller.
  size_t add(Variable variable);
  void add(Function function);
  void add_type(std::string name, Type type);  // for `instance of` and the parameters of function definitions
  const Type* find_type(std::string_view name) const;
  const std::vector<std::pair<std::string, Type>>& types() const { return types_; }
  const std::vector<Variable>& variables() const { return variables_; }
  const std::vector<std::shared_ptr<const Function>>& functions() const { return functions_; }
  std::optional<size_t> find(std::string_view name) const;

 private:
  std::vector<Variable> variables_;
  std::vector<std::shared_ptr<const Function>> functions_;
  std::vector<std::pair<std::string, Type>> types_;
};

// ---- compile ----------------------------------------------------------------------------------------------------

struct Code;  // the compiled form, private to feel

class Expression {
 public:
  // What may come out, as far as it is known.
  const Type& type() const;
  // The text it was made from.
  const std::string& text() const;
  // Paths of variables it reads, sorted, without doubles: "form.lead", "kind". For unary tests the input is not listed.
  const std::vector<std::string>& reads() const;
  // A literal or folded constant: its value.
  std::optional<Value> constant() const;
  const Code& code() const { return *code_; }
  const std::shared_ptr<const Code>& shared_code() const { return code_; }
  explicit Expression(std::shared_ptr<const Code> code) : code_(std::move(code)) {}

 private:
  std::shared_ptr<const Code> code_;
};

struct CompileOptions {
  // strict: an operation that can only give null (text + number, an unknown member, a wrong argument) is a Problem;
  // times may be written as people write them (date and time("2021-02-05 09:30"), time("09:30")), and without an offset
  // they are China Standard Time. Otherwise all of it compiles, gives null, and reads texts, as the standard says.
  bool strict = true;
};

struct Compiled {
  std::optional<Expression> expression;  // present exactly when `problems` is empty
  std::vector<Problem> problems;
};

Compiled compile(std::string_view text, const Scope& scope, const CompileOptions& options = {});

// A cell of a decision table: `-`, or a comma list of values, ranges, comparisons, `not(…)`, and expressions with `?`
// (the input). The result is a test for `test` below.
Compiled compile_unary_tests(std::string_view text, const Scope& scope, const Type& input_type,
                             const CompileOptions& options = {});

// ---- evaluate ---------------------------------------------------------------------------------------------------

struct EvalResult {
  Value value;  // as the standard says; null when !ok
  // Paths ("form.lead") of null values on which the result rests, in order of reading: what `and`, `or`, `some`,
  // `every` settled without them is not among them, nor what was compared with the literal null or asked by `is
  // defined`. So a guard is decidable exactly when `ok && missing.empty() && value is a boolean`: FEEL says `null =
  // "x"` is false, KERNEL §4 says it is undecided.
  std::vector<std::string> missing;
  std::string error;  // when !ok: step limit, or the host function's message
  bool ok = true;

  // The guard rule of KERNEL §4 in one place: true or false when decidable, else empty.
  std::optional<bool> decided() const {
    if (!ok || !missing.empty() || value.kind() != Value::Kind::boolean) return std::nullopt;
    return value.is_true();
  }
};

// `slots` stand in the order of the scope's variables; a shorter span reads as null behind its end.
EvalResult evaluate(const Expression& expression, std::span<const Value> slots, const EvalContext& context);
// The same within a call: what it spends is spent of the caller's budget.
EvalResult evaluate(const Expression& expression, std::span<const Value> slots, Budget& budget);

enum class Truth : uint8_t { no, yes, undecided };

struct TestResult {
  Truth truth = Truth::undecided;
  bool input_missing = false;        // undecided because the input itself is null
  std::vector<std::string> missing;  // other paths that were null, when undecided
  std::string error;                 // step limit or host function
  bool holds = false;                // the test is true as the standard says, whatever is missing
};
// Does `input` satisfy the unary tests? A null input satisfies `-` and tests that name null, anything else is
// undecided.
TestResult test(const Expression& unary_tests, const Value& input, std::span<const Value> slots,
                const EvalContext& context);
// The same within a call.
TestResult test(const Expression& unary_tests, const Value& input, std::span<const Value> slots, Budget& budget);

// ---- shape of unary tests, for indexes and analysis ----------------------------------------------------------------

struct Interval {
  std::optional<Value> low, high;  // empty: unbounded
  bool low_open = false, high_open = false;
};
// The set of inputs that satisfy a cell: the union of the intervals (a value v is [v..v]), or its complement.
struct TestShape {
  bool any = false;         // `-`
  bool negated = false;     // not(…)
  bool names_null = false;  // null stands in the list
  std::vector<Interval> intervals;
};
// Empty where the cell is beyond this: it uses `?`, a variable, or a function.
std::optional<TestShape> shape_of(const Expression& unary_tests);

// ---- built-ins as data ---------------------------------------------------------------------------------------------

struct BuiltInInfo {
  std::string name;
  std::vector<Function::Parameter> parameters;
  Type result;
  std::string doc;
  std::string chapter;    // of DMN 1.5, or "extension"
  bool variadic = false;  // the last parameter repeats
};
const std::vector<BuiltInInfo>& built_ins();
// "substring(string, start position, length?)"
std::string signature(const BuiltInInfo& function);
// The table of the built-ins and of `extensions` as Markdown: docs/feel.md, and what `tongban feel --functions` prints.
std::string functions_as_markdown(std::span<const Function> extensions = {});

}  // namespace tongban::feel
