#include "dmn/traced_table.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "dmn/compiled.h"

namespace tongban::dmn {
namespace {

using feel::Value;

constexpr size_t kMostColumns = 16;  // of the quick way
constexpr size_t kMostWords = 16;    // 1024 rows

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// ---- reading -------------------------------------------------------------------------------------------------------

class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  Result<Value> run() {
    if (!is_valid_utf8(text_)) return failure("is not UTF-8");
    std::optional<Value> value = read(0);
    skip();
    if (value && at_ < text_.size()) value = fail("something follows the end");
    if (!value) return failure(message_);
    return std::move(*value);
  }

 private:
  Error failure(const std::string& message) const {
    return {Trouble::invalid_input, "The JSON is faulty at byte " + std::to_string(at_) + ": " + message + "."};
  }
  std::optional<Value> fail(std::string message) {
    if (message_.empty()) message_ = std::move(message);
    return std::nullopt;
  }
  void skip() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }
  bool take(char c) {
    skip();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool word(std::string_view token) {
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }

  std::optional<Value> read(size_t depth) {
    if (depth > kJsonMaxDepth) return fail("it is nested too deeply");
    skip();
    if (at_ == text_.size()) return fail("a value is missing");
    const char c = text_[at_];
    if (c == '{') return read_object(depth);
    if (c == '[') return read_array(depth);
    if (c == '"') {
      std::optional<std::string> text = read_text();
      if (!text) return std::nullopt;
      return Value::text(std::move(*text));
    }
    if (word("true")) return Value::of(true);
    if (word("false")) return Value::of(false);
    if (word("null")) return Value();
    return read_number();
  }

  std::optional<Value> read_number() {
    const size_t start = at_;
    if (at_ < text_.size() && text_[at_] == '-') ++at_;
    const size_t first = at_;
    const auto digits = [&] {
      const size_t from = at_;
      while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
      return at_ > from;
    };
    if (!digits() || (text_[first] == '0' && at_ > first + 1)) return fail("a value was expected");
    if (at_ < text_.size() && text_[at_] == '.') {
      ++at_;
      if (!digits()) return fail("digits must follow the point");
    }
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      ++at_;
      if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
      if (!digits()) return fail("digits must follow the exponent");
    }
    const std::optional<feel::Number> number = feel::Number::parse(text_.substr(start, at_ - start));
    if (!number) return fail("the number is too large");
    return Value::of(*number);
  }

  std::optional<uint32_t> read_hex() {
    uint32_t point = 0;
    if (at_ + 4 > text_.size()) return std::nullopt;
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + at_ + 4, point, 16);
    if (error != std::errc{} || end != text_.data() + at_ + 4) return std::nullopt;
    at_ += 4;
    return point;
  }

  bool read_escape(std::string& out) {
    if (at_ == text_.size()) return false;
    const char c = text_[at_++];
    constexpr std::string_view kFrom = "\"\\/bfnrt";
    constexpr std::string_view kTo = "\"\\/\b\f\n\r\t";
    if (const size_t found = kFrom.find(c); found != std::string_view::npos) {
      out += kTo[found];
      return true;
    }
    if (c != 'u') return false;
    std::optional<uint32_t> point = read_hex();
    if (!point || (*point >= 0xdc00 && *point < 0xe000)) return false;
    if (*point >= 0xd800 && *point < 0xdc00) {
      if (!word("\\u")) return false;
      const std::optional<uint32_t> low = read_hex();
      if (!low || *low < 0xdc00 || *low >= 0xe000) return false;
      point = 0x10000 + ((*point - 0xd800) << 10) + (*low - 0xdc00);
    }
    append_utf8(out, static_cast<char32_t>(*point));
    return true;
  }

  std::optional<std::string> read_text() {
    std::string out;
    ++at_;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (static_cast<unsigned char>(text_[at_]) < 0x20) {
        fail("a control character stands in a string");
        return std::nullopt;
      }
      if (text_[at_] != '\\') {
        out += text_[at_++];
        continue;
      }
      ++at_;
      if (!read_escape(out)) {
        fail("an escape in a string is wrong");
        return std::nullopt;
      }
    }
    if (at_ == text_.size()) {
      fail("a string does not end");
      return std::nullopt;
    }
    ++at_;
    return out;
  }

  std::optional<Value> read_array(size_t depth) {
    ++at_;
    feel::List items;
    if (take(']')) return Value::list(std::move(items));
    do {
      std::optional<Value> item = read(depth + 1);
      if (!item) return std::nullopt;
      items.push_back(std::move(*item));
    } while (take(','));
    if (!take(']')) return fail("a comma or ] was expected");
    return Value::list(std::move(items));
  }

  std::optional<Value> read_object(size_t depth) {
    ++at_;
    feel::Context entries;
    if (take('}')) return Value::context(std::move(entries));
    do {
      skip();
      if (at_ == text_.size() || text_[at_] != '"') return fail("the name of a member was expected");
      std::optional<std::string> name = read_text();
      if (!name) return std::nullopt;
      if (!take(':')) return fail("a colon was expected");
      std::optional<Value> value = read(depth + 1);
      if (!value) return std::nullopt;
      const auto found =
          std::find_if(entries.begin(), entries.end(), [&](const auto& each) { return each.first == *name; });
      if (found != entries.end()) {
        found->second = std::move(*value);  // the last counts
      } else {
        entries.emplace_back(std::move(*name), std::move(*value));
      }
    } while (take(','));
    if (!take('}')) return fail("a comma or } was expected");
    return Value::context(std::move(entries));
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string message_;
};

// ---- writing -------------------------------------------------------------------------------------------------------

std::string quoted(std::string_view text) { return to_json_text(json::value(json::string(text))); }
std::string json_of(const Value& value) { return to_json_text(value.to_json()); }

void add_number(std::string& out, int64_t number) {
  std::array<char, 24> digits;
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
}
void add_rows(std::string& out, const std::vector<int>& rows) {
  out += '[';
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i > 0) out += ',';
    add_number(out, rows[i]);
  }
  out += ']';
}
void add_texts(std::string& out, const std::vector<std::string>& texts) {
  out += '[';
  for (size_t i = 0; i < texts.size(); ++i) out += (i > 0 ? "," : "") + quoted(texts[i]);
  out += ']';
}
std::string stop_of(const Table& table, size_t row, size_t column) {
  return "{\"row\":" + std::to_string(row + 1) + ",\"input\":" + quoted(table.inputs[column].expression) +
         ",\"cell\":" + quoted(trim(table.rules[row].cells[column])) + "}";
}

}  // namespace

Result<Value> read_json_exactly(std::string_view text) { return JsonReader(text).run(); }

// What the quick reader finds: for each input its class, and its value as JSON.
struct TracedTable::Case {
  std::array<uint32_t, kMostColumns> classes;
  std::array<std::string_view, kMostColumns> raw;  // of strings with their quotes, true, false, null
  std::array<Decimal, kMostColumns> numbers;
  std::array<bool, kMostColumns> is_number;
  bool has_null = false;
};

TracedTable::TracedTable(CompiledTable table, feel::Scope scope)
    : table_(std::move(table)),
      scope_(std::move(scope)),
      index_(table_.parts().index ? table_.parts().index : std::make_shared<const BitmapIndex>(table_)) {
  make_quick();
}

void TracedTable::make_quick() {
  const Table& table = table_.table();
  const CompiledTable::Parts& parts = table_.parts();
  const HitPolicy policy = table.hit_policy;
  const bool is_known = policy == HitPolicy::unique || policy == HitPolicy::first || policy == HitPolicy::any ||
                        policy == HitPolicy::collect || policy == HitPolicy::rule_order;
  if (!is_known || !index_->residual().empty() || table.inputs.size() > kMostColumns || index_->words() > kMostWords)
    return;
  for (size_t i = 0; i < table.inputs.size(); ++i) {
    const std::string& name = table.inputs[i].expression;
    const std::optional<size_t> slot = scope_.find(name);
    // Names with quotes or signs in them would not be the same in JSON and FEEL.
    if (!slot || quoted(name).size() != name.size() + 2) return;
    if (parts.inputs[i]->reads() != std::vector<std::string>{name}) return;
    const feel::Type::Kind type = scope_.variables()[*slot].type.kind;
    using Kind = feel::Type::Kind;
    if (type != Kind::any && type != Kind::number && type != Kind::text && type != Kind::boolean) return;
    inputs_.push_back({name, quoted(name) + ":", type});
  }
  const auto value_of = [&](const std::vector<std::optional<feel::Expression>>& cells) -> std::optional<std::string> {
    feel::Context entries;
    for (size_t i = 0; i < cells.size(); ++i) {
      std::optional<Value> constant = cells[i] ? cells[i]->constant() : Value();
      if (!constant) return std::nullopt;
      entries.emplace_back(table.outputs[i].name, std::move(*constant));
    }
    return json_of(entries.size() == 1 ? entries[0].second : Value::context(std::move(entries)));
  };
  for (size_t row = 0; row < parts.rows.size(); ++row) {
    std::optional<std::string> value = value_of(parts.rows[row].outputs);
    if (!value) return;
    QuickRow quick;
    quick.value = std::move(*value);
    const std::string& clause = table.rules[row].clause.empty() ? table.clause : table.rules[row].clause;
    if (!clause.empty()) quick.clause = quoted(clause);
    for (size_t column = 0; column < table.inputs.size(); ++column) {
      quick.asks.push_back(parts.rows[row].tests[column].has_value());
      quick.stops.push_back(stop_of(table, row, column));
    }
    rows_.push_back(std::move(quick));
  }
  if (parts.has_default) {
    std::optional<std::string> value = value_of(parts.defaults);
    if (!value) return;
    default_value_ = std::move(*value);
  }
  if (!table.clause.empty()) table_clause_ = quoted(table.clause);
  is_quick_ = true;
}

// A flat object of plain strings, short numbers, true, false and null. Anything else is for the other way, which also
// says what is wrong.
bool TracedTable::read_quickly(std::string_view json, Case& of) const {
  if (!is_valid_utf8(json)) return false;
  for (size_t i = 0; i < inputs_.size(); ++i) {
    of.classes[i] = 0;
    of.raw[i] = "null";
    of.is_number[i] = false;
  }
  const char* at = json.data();
  const char* const end = at + json.size();
  const auto skip = [&] {
    while (at < end && is_space(*at)) ++at;
  };
  const auto take = [&](char c) {
    skip();
    if (at == end || *at != c) return false;
    ++at;
    return true;
  };
  // With its quotes.
  const auto text = [&]() -> std::string_view {
    const char* const from = at++;
    while (at < end && *at != '"') {
      if (*at == '\\' || static_cast<unsigned char>(*at) < 0x20) return {};
      ++at;
    }
    if (at == end) return {};
    ++at;
    return {from, static_cast<size_t>(at - from)};
  };
  if (!take('{')) return false;
  if (take('}')) {
    skip();
    of.has_null = !inputs_.empty();
    return at == end;
  }
  do {
    skip();
    if (at == end || *at != '"') return false;
    const std::string_view key = text();
    if (key.empty() || !take(':')) return false;
    const std::string_view name = key.substr(1, key.size() - 2);
    size_t input = 0;
    while (input < inputs_.size() && inputs_[input].name != name) ++input;
    if (input == inputs_.size()) return false;  // perhaps a variable that no input reads
    using Kind = feel::Type::Kind;
    const Kind type = inputs_[input].type;
    const BitmapIndex::Kind kind = index_->kind(input);
    const bool is_free = kind == BitmapIndex::Kind::any;
    skip();
    if (at == end) return false;
    const char* const from = at;
    of.is_number[input] = false;
    if (*at == '"') {
      const std::string_view value = text();
      if (value.empty() || (type != Kind::text && type != Kind::any)) return false;
      if (kind != BitmapIndex::Kind::text && !is_free) return false;
      of.raw[input] = value;
      of.classes[input] = is_free ? 1 : index_->id_of(input, value.substr(1, value.size() - 2));
    } else if (*at == '-' || is_digit(*at)) {
      if ((type != Kind::number && type != Kind::any) || (kind != BitmapIndex::Kind::number && !is_free)) return false;
      ++at;
      while (at < end && (is_digit(*at) || *at == '.')) ++at;
      const std::string_view digits(from, static_cast<size_t>(at - from));
      const size_t lead = digits[0] == '-' ? 1 : 0;
      if (digits.size() == lead || !is_digit(digits[lead])) return false;
      if (digits[lead] == '0' && digits.size() > lead + 1 && digits[lead + 1] != '.') return false;
      if (at < end && (*at == 'e' || *at == 'E')) return false;
      const std::optional<Decimal> number = parse_decimal(digits);
      if (!number) return false;
      of.numbers[input] = *number;
      of.is_number[input] = true;
      of.classes[input] = is_free ? 1 : index_->class_of_decimal(input, *number);
    } else {
      const std::string_view rest(at, static_cast<size_t>(end - at));
      const bool is_true = rest.starts_with("true");
      if (rest.starts_with("null")) {
        at += 4;
        of.classes[input] = 0;
      } else if (is_true || rest.starts_with("false")) {
        if ((type != Kind::boolean && type != Kind::any) || (kind != BitmapIndex::Kind::boolean && !is_free))
          return false;
        at += is_true ? 4 : 5;
        of.classes[input] = is_free ? 1 : is_true ? 3 : 2;
      } else {
        return false;
      }
      of.raw[input] = {from, static_cast<size_t>(at - from)};
    }
  } while (take(','));
  if (!take('}')) return false;
  skip();
  of.has_null = std::any_of(of.classes.begin(), of.classes.begin() + static_cast<ptrdiff_t>(inputs_.size()),
                            [](uint32_t each) { return each == 0; });
  return at == end;
}

bool TracedTable::decide_quickly(std::string_view json, std::string& out) const {
  Case of;
  if (!read_quickly(json, of)) return false;
  const size_t words = index_->words();
  const size_t columns = inputs_.size();
  std::array<uint64_t, kMostWords> matched;
  std::array<uint64_t, kMostWords> open;  // what holds or is undecided
  const size_t last = words == 0 ? 0 : words - 1;
  matched.fill(~uint64_t{0});
  if (rows_.size() % 64 != 0) matched[last] = (uint64_t{1} << (rows_.size() % 64)) - 1;
  open = matched;
  // Row by row, the column of the first cell that says no.
  std::array<uint8_t, kMostWords * 64> stopped_by;
  for (size_t column = 0; column < columns; ++column) {
    const uint64_t* holds = index_->bitmap_of(column, of.classes[column], false);
    const uint64_t* opens = index_->bitmap_of(column, of.classes[column], true);
    if (holds == nullptr) {
      if (index_->kind(column) == BitmapIndex::Kind::any) continue;
      return false;
    }
    for (size_t w = 0; w < words; ++w) {
      for (uint64_t gone = open[w] & ~opens[w]; gone != 0; gone &= gone - 1) {
        stopped_by[w * 64 + static_cast<size_t>(std::countr_zero(gone))] = static_cast<uint8_t>(column);
      }
      open[w] &= opens[w];
      matched[w] &= holds[w];
    }
  }
  const HitPolicy policy = table_.table().hit_policy;
  const bool is_single = policy == HitPolicy::unique || policy == HitPolicy::first || policy == HitPolicy::any;
  size_t count = 0;
  size_t first = rows_.size();
  const auto each_row = [&](const std::array<uint64_t, kMostWords>& mask, const auto& visit) {
    for (size_t w = 0; w < words; ++w) {
      for (uint64_t left = mask[w]; left != 0; left &= left - 1)
        visit(w * 64 + static_cast<size_t>(std::countr_zero(left)));
    }
  };
  bool is_same = true;
  each_row(matched, [&](size_t row) {
    if (count++ == 0) first = row;
    is_same = is_same && rows_[row].value == rows_[first].value;
  });
  if (count > 1 && (policy == HitPolicy::unique || (policy == HitPolicy::any && !is_same))) return false;

  // A row that a null left open counts unless null is named by a matched row for each null that stopped it.
  std::vector<int> stopped;
  std::array<bool, kMostColumns> asked{};
  if (of.has_null) {
    std::array<bool, kMostColumns> named{};
    for (size_t column = 0; column < columns; ++column) {
      if (of.classes[column] != 0) continue;
      each_row(matched, [&](size_t row) { named[column] = named[column] || rows_[row].asks[column]; });
    }
    each_row(open, [&](size_t row) {
      if ((matched[row / 64] >> (row % 64) & 1) != 0 || (policy == HitPolicy::first && row > first)) return;
      bool counts = false;
      std::array<bool, kMostColumns> blamed{};
      for (size_t column = 0; column < columns; ++column) {
        if (of.classes[column] != 0 || !rows_[row].asks[column]) continue;
        const uint64_t* holds = index_->bitmap_of(column, 0, false);
        if ((holds[row / 64] >> (row % 64) & 1) != 0) continue;
        blamed[column] = true;
        counts = counts || !named[column];
      }
      if (!counts) return;
      stopped.push_back(static_cast<int>(row) + 1);
      for (size_t column = 0; column < columns; ++column) asked[column] = asked[column] || blamed[column];
    });
    // The order of what is missing is that of the rows; with more than one the other way says it.
    if (std::count(asked.begin(), asked.end(), true) > 1) return false;
  }

  const bool uses_default = count == 0 && !default_value_.empty();
  out += stopped.empty() ? R"({"status":"complete","value":)" : R"({"status":"at_least","value":)";
  if (uses_default) {
    out += default_value_;
  } else if (is_single) {
    out += count == 0 ? std::string_view("null") : std::string_view(rows_[first].value);
  } else {
    out += '[';
    bool is_next = false;
    each_row(matched, [&](size_t row) {
      if (is_next) out += ',';
      is_next = true;
      out += rows_[row].value;
    });
    out += ']';
  }
  out += R"(,"matched":[)";
  bool is_next = false;
  each_row(matched, [&](size_t row) {
    if (is_next) out += ',';
    is_next = true;
    add_number(out, static_cast<int64_t>(row) + 1);
  });
  out += R"(],"decided_by":)";
  if (is_single && count > 0) {
    add_number(out, static_cast<int64_t>(first) + 1);
  } else {
    out += "null";
  }
  if (uses_default) out += R"(,"used_default":true)";
  out += R"(,"clauses":[)";
  if (uses_default) {
    out += table_clause_;
  } else if (is_single) {
    if (count > 0) out += rows_[first].clause;
  } else {
    std::vector<std::string_view> said;
    each_row(matched, [&](size_t row) {
      const std::string& clause = rows_[row].clause;
      if (clause.empty() || std::find(said.begin(), said.end(), clause) != said.end()) return;
      if (!said.empty()) out += ',';
      said.push_back(clause);
      out += clause;
    });
  }
  out += ']';
  if (!stopped.empty()) {
    out += R"(,"stopped":)";
    add_rows(out, stopped);
    out += R"(,"missing":[)";
    for (size_t column = 0; column < columns; ++column) {
      if (asked[column]) out += inputs_[column].key.substr(0, inputs_[column].key.size() - 1);
    }
    out += ']';
  }
  out += R"(,"inputs":{)";
  for (size_t column = 0; column < columns; ++column) {
    if (column > 0) out += ',';
    out += inputs_[column].key;
    if (!of.is_number[column]) {
      out += of.raw[column];
      continue;
    }
    const Decimal& number = of.numbers[column];
    constexpr int64_t kExact = int64_t{1} << 53;
    if (number.scale == 0 && number.coefficient < kExact && number.coefficient > -kExact) {
      add_number(out, number.coefficient);
    } else if (number.scale == 0) {
      out += '"';
      add_number(out, number.coefficient);
      out += '"';
    } else {
      const auto magnitude = static_cast<int64_t>(number.coefficient < 0 ? -number.coefficient : number.coefficient);
      std::array<char, 24> digits;
      const auto length =
          static_cast<int>(std::to_chars(digits.data(), digits.data() + digits.size(), magnitude).ptr - digits.data());
      out += number.coefficient < 0 ? "\"-" : "\"";
      if (length <= number.scale) {
        out += "0.";
        out.append(static_cast<size_t>(number.scale - length), '0');
        out.append(digits.data(), static_cast<size_t>(length));
      } else {
        out.append(digits.data(), static_cast<size_t>(length - number.scale));
        out += '.';
        out.append(digits.data() + length - number.scale, static_cast<size_t>(number.scale));
      }
      out += '"';
    }
  }
  out += R"(},"rows":[)";
  is_next = false;
  std::array<uint64_t, kMostWords> closed;
  for (size_t w = 0; w < words; ++w) closed[w] = ~open[w];
  if (rows_.size() % 64 != 0) closed[last] &= (uint64_t{1} << (rows_.size() % 64)) - 1;
  each_row(closed, [&](size_t row) {
    if (is_next) out += ',';
    is_next = true;
    out += rows_[row].stops[stopped_by[row]];
  });
  out += "]}";
  return true;
}

Result<void> TracedTable::decide(std::string_view json, std::string& out, const feel::EvalContext& context) const {
  const size_t mark = out.size();
  if (is_quick_ && decide_quickly(json, out)) return {};
  out.resize(mark);
  return decide_plainly(json, out, context);
}

Result<void> TracedTable::decide_plainly(std::string_view json, std::string& out,
                                         const feel::EvalContext& context) const {
  Result<Value> read = read_json_exactly(json);
  if (!read.ok()) return read.error();
  if (read.value().kind() != Value::Kind::context) {
    return Error{Trouble::invalid_input, "The inputs must be a JSON object with a member for each input."};
  }
  std::vector<Value> slots;
  for (const feel::Variable& variable : scope_.variables()) {
    Result<Value> value = feel::coerce(read.value().get(variable.name), variable.type);
    if (!value.ok()) return Error{Trouble::invalid_input, variable.name + ": " + value.error().message};
    slots.push_back(std::move(value).value());
  }
  const Table& table = table_.table();
  const Decision decision = evaluate(table_, slots, context);
  constexpr const char* kStatus[] = {"complete", "at_least", "failed"};
  out += std::string("{\"status\":\"") + kStatus[static_cast<size_t>(decision.status)] + "\",\"value\":";
  out += json_of(decision.value) + ",\"matched\":";
  add_rows(out, decision.matched);
  out += ",\"decided_by\":" + (decision.decided_by ? std::to_string(*decision.decided_by) : "null");
  if (decision.used_default) out += ",\"used_default\":true";
  out += ",\"clauses\":";
  add_texts(out, decision.clauses);
  if (!decision.stopped.empty()) {
    out += ",\"stopped\":";
    add_rows(out, decision.stopped);
  }
  if (!decision.missing.empty()) {
    out += ",\"missing\":";
    add_texts(out, decision.missing);
  }
  out += ",\"inputs\":{";
  for (size_t i = 0; i < decision.inputs.size(); ++i) {
    out += (i > 0 ? "," : "") + quoted(decision.inputs[i].name) + ":" + json_of(decision.inputs[i].value);
  }
  out += "},\"rows\":[";
  bool is_next = false;
  const std::vector<CompiledRow>& rows = table_.parts().rows;
  for (size_t row = 0; row < rows.size() && decision.inputs.size() == table.inputs.size(); ++row) {
    for (size_t i = 0; i < rows[row].tests.size(); ++i) {
      const auto& cell = rows[row].tests[i];
      if (!cell || feel::test(*cell, decision.inputs[i].value, slots, context).truth != feel::Truth::no) continue;
      if (is_next) out += ',';
      is_next = true;
      out += stop_of(table, row, i);
      break;
    }
  }
  out += ']';
  if (!decision.error.empty()) out += ",\"error\":" + quoted(decision.error);
  out += '}';
  return {};
}

}  // namespace tongban::dmn
