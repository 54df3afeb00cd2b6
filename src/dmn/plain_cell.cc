#include "dmn/plain_cell.h"

#include <algorithm>

#include "base/text.h"

namespace tongban::dmn {
namespace {

constexpr int kMostDigits = 18;
constexpr int64_t kLargest = int64_t{1} << 61;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Reader {
 public:
  Reader(std::string_view text, PlainCell& cell) : text_(text), cell_(cell) {}

  bool cell() {
    skip();
    if (text_.substr(at_) == "-") {
      cell_.any = true;
      return true;
    }
    if (take("not(")) {
      cell_.negated = true;
      return list() && take(")") && is_end();
    }
    return list() && is_end();
  }

 private:
  void skip() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  bool is_end() {
    skip();
    return at_ == text_.size();
  }
  bool take(std::string_view token) {
    skip();
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  bool word(std::string_view token) {
    skip();
    if (!text_.substr(at_).starts_with(token)) return false;
    const size_t end = at_ + token.size();
    if (end < text_.size() && text_[end] != ',' && text_[end] != ' ' && text_[end] != ')') return false;
    at_ = end;
    return true;
  }

  bool list() {
    do {
      if (!item()) return false;
    } while (take(","));
    return true;
  }

  bool item() {
    skip();
    if (at_ == text_.size()) return false;
    PlainItem item;
    if (text_[at_] == '"') {
      const size_t end = text_.find('"', at_ + 1);
      if (end == std::string_view::npos) return false;
      item.kind = PlainItem::Kind::text;
      item.text = text_.substr(at_ + 1, end - at_ - 1);
      if (item.text.find('\\') != std::string_view::npos) return false;
      at_ = end + 1;
      cell_.items.push_back(item);
      return true;
    }
    if (word("null")) {
      cell_.names_null = true;
      return true;
    }
    const bool is_true = word("true");
    if (is_true || word("false")) {
      item.kind = PlainItem::Kind::boolean;
      item.low.coefficient = is_true ? 1 : 0;
      cell_.items.push_back(item);
      return true;
    }
    if (!numbers(item)) return false;
    cell_.items.push_back(item);
    return true;
  }

  bool numbers(PlainItem& item) {
    const char first = text_[at_];
    if (first == '[' || first == '(') {
      ++at_;
      item.low_open = first == '(';
      item.has_low = item.has_high = true;
      if (!number(item.low) || !take("..") || !number(item.high)) return false;
      // An empty range is a fault that the compiler names.
      const int scale = std::max(item.low.scale, item.high.scale);
      const std::optional<int64_t> low = item.low.at_scale(scale);
      const std::optional<int64_t> high = item.high.at_scale(scale);
      if (!low || !high || *low >= *high) return false;
      if (take("]")) return true;
      item.high_open = true;
      return take(")");
    }
    if (take("<=")) return item.has_high = number(item.high);
    if (take("<")) return item.high_open = item.has_high = number(item.high);
    if (take(">=")) return item.has_low = number(item.low);
    if (take(">")) return item.low_open = item.has_low = number(item.low);
    if (!number(item.low)) return false;
    item.high = item.low;
    item.has_low = item.has_high = true;
    return true;
  }

  bool number(Decimal& out) {
    skip();
    size_t end = at_;
    if (end < text_.size() && text_[end] == '-') ++end;
    // A point belongs to the number only when a digit follows: 1..2 is a range.
    while (end < text_.size() &&
           (is_digit(text_[end]) || (text_[end] == '.' && end + 1 < text_.size() && is_digit(text_[end + 1])))) {
      ++end;
    }
    const std::optional<Decimal> decimal = parse_decimal(text_.substr(at_, end - at_));
    if (!decimal) return false;
    out = *decimal;
    at_ = end;
    return true;
  }

  std::string_view text_;
  PlainCell& cell_;
  size_t at_ = 0;
};

bool add_bound(const feel::Value& value, PlainItem& item, Decimal& bound) {
  switch (value.kind()) {
    case feel::Value::Kind::number: {
      const std::optional<Decimal> decimal = parse_decimal(value.as_number().to_text());
      if (!decimal) return false;
      bound = *decimal;
      item.kind = PlainItem::Kind::number;
      return true;
    }
    case feel::Value::Kind::date:
      if (!(feel::Value::of(value.as_date()) == value)) return false;  // beyond the years of a Date
      bound.coefficient = value.as_date() - Date{};
      item.kind = PlainItem::Kind::date;
      return true;
    default:
      return false;
  }
}

}  // namespace

std::optional<int64_t> Decimal::at_scale(int wanted) const {
  int64_t value = coefficient;
  for (int i = scale; i < wanted; ++i) {
    if (value > kLargest / 10 || value < -kLargest / 10) return std::nullopt;
    value *= 10;
  }
  if (value > kLargest || value < -kLargest) return std::nullopt;
  return value;
}

std::optional<Decimal> parse_decimal(std::string_view text) {
  Decimal out;
  size_t at = 0;
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) ++at;
  int digits = 0;
  bool has_point = false;
  for (; at < text.size(); ++at) {
    if (text[at] == '.' && !has_point) {
      has_point = true;
      continue;
    }
    if (!is_digit(text[at]) || digits == kMostDigits) return std::nullopt;
    out.coefficient = out.coefficient * 10 + (text[at] - '0');
    if (out.coefficient != 0) ++digits;
    if (has_point && ++out.scale > kMostDigits) return std::nullopt;
  }
  if (text.empty() || !is_digit(text.back())) return std::nullopt;
  while (out.scale > 0 && out.coefficient % 10 == 0) {
    out.coefficient /= 10;
    --out.scale;
  }
  if (negative) out.coefficient = -out.coefficient;
  return out;
}

bool parse_plain_cell(std::string_view text, PlainCell& cell) {
  cell.any = cell.negated = cell.names_null = false;
  cell.items.clear();
  return Reader(trim(text), cell).cell();
}

bool to_plain_cell(const feel::TestShape& shape, PlainCell& cell) {
  cell.any = shape.any;
  cell.negated = shape.negated;
  cell.names_null = shape.names_null;
  cell.items.clear();
  for (const feel::Interval& interval : shape.intervals) {
    PlainItem item;
    item.has_low = interval.low.has_value();
    item.has_high = interval.high.has_value();
    item.low_open = interval.low_open;
    item.high_open = interval.high_open;
    if (!item.has_low && !item.has_high) {
      item.kind = PlainItem::Kind::present;
    } else if (item.has_low && item.has_high && *interval.low == *interval.high && !item.low_open && !item.high_open &&
               interval.low->kind() == feel::Value::Kind::text) {
      item.kind = PlainItem::Kind::text;
      item.text = interval.low->as_text();
    } else if (item.has_low && item.has_high && *interval.low == *interval.high &&
               interval.low->kind() == feel::Value::Kind::boolean) {
      item.kind = PlainItem::Kind::boolean;
      item.low.coefficient = interval.low->is_true() ? 1 : 0;
    } else if ((interval.low && !add_bound(*interval.low, item, item.low)) ||
               (interval.high && !add_bound(*interval.high, item, item.high))) {
      return false;
    }
    cell.items.push_back(item);
  }
  return true;
}

}  // namespace tongban::dmn
