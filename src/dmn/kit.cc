#include "dmn/kit.h"

#include <algorithm>
#include <pugixml.hpp>

#include "base/text.h"
#include "dmn/xml_document.h"

namespace tongban::dmn {
namespace {

using feel::Value;

// The value of a FEEL literal built from a text, by feel itself.
Value construct(const std::string& function, std::string_view text) {
  const feel::Compiled compiled =
      feel::compile(function + "(t)", feel::Scope({{"t", feel::Type::text()}}), {.strict = false});
  if (!compiled.expression) return Value();
  const Value slots[] = {Value::text(std::string(text))};
  return feel::evaluate(*compiled.expression, slots, {}).value;
}

class Reader {
 public:
  Reader(std::string_view file, const XmlDocument& document, KitFile& out)
      : file_(file), document_(document), out_(out) {}

  void read() {
    const pugi::xml_node root = document_.root();
    if (local_name(root) != "testCases") {
      problem(root, "the file holds no cases: its first element is not <testCases>");
      return;
    }
    out_.model_name = trim(text_of(child_of(root, "modelName")));
    for (const pugi::xml_node& child : root.children()) {
      if (local_name(child) == "testCase") out_.cases.push_back(read_case(child));
    }
  }

 private:
  void problem(const pugi::xml_node& node, std::string message) {
    out_.problems.push_back({file_, document_.position(node), std::move(message)});
  }

  KitCase read_case(const pugi::xml_node& node) {
    KitCase out;
    out.id = attribute_of(node, "id");
    const std::string_view type = attribute_of(node, "type");
    if (type == "bkm") out.kind = KitCase::Kind::knowledge_model;
    if (type == "decisionService") out.kind = KitCase::Kind::service;
    out.invocable = collapse(attribute_of(node, "invocableName"));
    for (const pugi::xml_node& child : node.children()) {
      if (local_name(child) == "inputNode") {
        out.given.push_back({collapse(attribute_of(child, "name")), read_value(child, nullptr),
                             std::string(attribute_of(child, "namespace"))});
      } else if (local_name(child) == "resultNode") {
        KitExpectation expectation;
        expectation.node = collapse(attribute_of(child, "name"));
        expectation.may_fail = attribute_of(child, "errorResult") == "true";
        if (const pugi::xml_node expected = child_of(child, "expected"))
          expectation.value = read_value(expected, &expectation.numbers);
        out.expected.push_back(std::move(expectation));
      }
    }
    return out;
  }

  static bool is_nil(const pugi::xml_node& node) {
    const std::string_view nil = attribute_of(node, "nil");
    return nil == "true" || nil == "1";
  }

  // The content of an inputNode, expected, item or component.
  Value read_value(const pugi::xml_node& node, std::vector<std::string>* numbers) {
    if (is_nil(node)) return Value();
    feel::Context members;
    bool has_members = false;
    for (const pugi::xml_node& child : node.children()) {
      const std::string_view name = local_name(child);
      if (name == "value") return read_simple(child, numbers);
      if (name == "list") {
        if (is_nil(child)) return Value();
        feel::List items;
        for (const pugi::xml_node& item : child.children()) {
          if (local_name(item) == "item") items.push_back(read_value(item, numbers));
        }
        return Value::list(std::move(items));
      }
      if (name != "component") continue;
      has_members = true;
      std::string member = collapse(attribute_of(child, "name"));
      members.emplace_back(std::move(member), read_value(child, numbers));
    }
    return has_members ? Value::context(std::move(members)) : Value();
  }

  Value read_simple(const pugi::xml_node& node, std::vector<std::string>* numbers) {
    if (is_nil(node)) return Value();
    std::string type(attribute_of(node, "type"));
    if (const size_t colon = type.find(':'); colon != std::string::npos) type = type.substr(colon + 1);
    const std::string text = text_of(node);
    const std::string_view trimmed = trim(text);
    Value value;
    if (type.empty() || type == "string" || type == "anyURI") return Value::text(text);
    if (type == "boolean") {
      value = trimmed == "true" || trimmed == "1" ? Value::of(true) : Value::of(false);
    } else if (type == "date") {
      value = construct("date", trimmed);
    } else if (type == "time") {
      value = construct("time", trimmed);
    } else if (type == "dateTime") {
      value = construct("date and time", trimmed);
    } else if (type == "duration" || type == "dayTimeDuration" || type == "yearMonthDuration") {
      value = construct("duration", trimmed);
    } else {
      value = construct("number", trimmed);
      if (numbers && !value.is_null()) numbers->emplace_back(trimmed);
    }
    // Such a value equals nothing, so its case fails.
    if (value.is_null()) value = Value::text("unreadable " + type + " " + text);
    return value;
  }

  std::string file_;
  const XmlDocument& document_;
  KitFile& out_;
};

// ---- comparison ----------------------------------------------------------------------------------------------------

// Digits behind the point of a number as the kit writes it; exponents count.
int decimals_of(std::string_view text) {
  const size_t e = text.find_first_of("eE");
  const std::string_view mantissa = text.substr(0, e);
  const size_t point = mantissa.find('.');
  int decimals = point == std::string_view::npos ? 0 : static_cast<int>(mantissa.size() - point - 1);
  if (e != std::string_view::npos) {
    int exponent = 0;
    size_t i = e + 1;
    const bool negative = i < text.size() && text[i] == '-';
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
    for (; i < text.size() && exponent < 10000; ++i) exponent = exponent * 10 + (text[i] - '0');
    decimals += negative ? exponent : -exponent;
  }
  return decimals;
}

// Cut to so many decimals.
std::string cut(const std::string& digits, int decimals) {
  const size_t point = digits.find('.');
  if (point == std::string::npos) return digits;
  return digits.substr(0, std::min(digits.size(), point + 1 + static_cast<size_t>(decimals)));
}

// One more in the last place.
std::string step_up(std::string digits) {
  for (size_t i = digits.size(); i-- > 0;) {
    if (digits[i] == '.' || digits[i] == '-') continue;
    if (digits[i] != '9') {
      ++digits[i];
      return digits;
    }
    digits[i] = '0';
  }
  const size_t at = digits.starts_with('-') ? 1 : 0;
  return digits.insert(at, "1");
}

bool same_number(const Value& expected, const Value& actual, const std::string& written) {
  if (expected == actual || feel::equals(expected, actual) == true) return true;
  const int decimals = decimals_of(written);
  if (decimals < 8 || decimals > 6000) return false;
  const std::string digits = actual.as_number().to_text();
  const std::string short_digits = cut(digits, decimals);
  const std::string rest = digits.substr(short_digits.size());
  const auto equals_expected = [&](const std::string& text) {
    return feel::equals(construct("number", text), expected) == true;
  };
  if (equals_expected(short_digits)) return true;
  if (rest.empty()) return false;
  const bool above_half = rest[0] > '5' || (rest[0] == '5' && rest.find_first_not_of('0', 1) != std::string::npos);
  const bool is_half = rest[0] == '5' && !above_half;
  const bool is_odd = !short_digits.empty() && (short_digits.back() - '0') % 2 == 1;
  return (above_half || (is_half && is_odd)) && equals_expected(step_up(short_digits));
}

// The tolerance of the published runners.
bool near_number(const Value& expected, const Value& actual) {
  const auto difference = feel::Number::subtract(expected.as_number(), actual.as_number());
  const feel::Number bound = *feel::Number::parse("0.00000001");
  return difference && *difference < bound && *feel::Number::subtract(feel::Number(0), bound) < *difference;
}

// `tolerant`: numbers as the published runners compare them.
bool same(const Value& expected, const Value& actual, const std::vector<std::string>& numbers, size_t& next,
          bool tolerant = false) {
  if (expected.kind() == Value::Kind::number) {
    const std::string written = next < numbers.size() ? numbers[next] : "";
    ++next;
    if (actual.kind() != Value::Kind::number) return false;
    return same_number(expected, actual, written) || (tolerant && near_number(expected, actual));
  }
  if (expected.kind() != actual.kind()) return false;
  if (expected.kind() == Value::Kind::list) {
    const feel::List &a = expected.as_list(), &b = actual.as_list();
    if (a.size() != b.size()) return false;
    for (size_t i = 0; i < a.size(); ++i) {
      if (!same(a[i], b[i], numbers, next, tolerant)) return false;
    }
    return true;
  }
  if (expected.kind() == Value::Kind::context) {
    const feel::Context &a = expected.as_context(), &b = actual.as_context();
    if (a.size() != b.size()) return false;
    for (const auto& [name, value] : a) {
      const Value* other = actual.find(name);
      if (!other || !same(value, *other, numbers, next, tolerant)) return false;
    }
    return true;
  }
  return expected == actual || feel::equals(expected, actual) == true;
}

// In a service with several output decisions the result is a context; the expectation names one of them.
Value pick(const Outcome& outcome, const std::string& node) {
  if (outcome.value.kind() == Value::Kind::context) {
    if (const Value* part = outcome.value.find(node)) return *part;
  }
  return outcome.value;
}

}  // namespace

KitFile read_kit_cases(std::string_view file, std::string_view text) {
  KitFile out;
  const Result<XmlDocument> document = XmlDocument::parse(text);
  if (!document.ok()) {
    out.problems.push_back({std::string(file), {}, document.error().message});
    return out;
  }
  Reader(file, *document, out).read();
  return out;
}

KitVerdict judge(const Engine& engine, const KitCase& one, const KitExpectation& expectation,
                 const feel::EvalContext& context) {
  KitVerdict out;
  const Value expected = expectation.value.value_or(Value());
  out.expected = expected.to_text();
  Outcome outcome;
  Value actual;
  if (one.kind == KitCase::Kind::service) {
    outcome = engine.evaluate_service(one.invocable, one.given, context);
    actual = pick(outcome, expectation.node);
  } else if (one.kind == KitCase::Kind::knowledge_model) {
    outcome = engine.evaluate(one.invocable, one.given, context);
    actual = outcome.value;
  } else {
    outcome = engine.evaluate(expectation.node, one.given, context);
    actual = outcome.value;
  }
  out.actual = actual.to_text();
  if (!outcome.faults.empty()) {
    const Fault& fault = outcome.faults[0];
    out.actual += " (" + (fault.element.empty() || fault.element == expectation.node ? "" : fault.element + ": ") +
                  fault.message + ")";
  }
  size_t next = 0;
  out.passed = same(expected, actual, expectation.numbers, next) || (expectation.may_fail && actual.is_null());
  next = 0;
  out.is_near = !out.passed && same(expected, actual, expectation.numbers, next, true);
  return out;
}

}  // namespace tongban::dmn
