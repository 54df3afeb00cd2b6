#include "calendar/batch.h"

#include <istream>
#include <ostream>
#include <vector>

#include "base/json.h"

namespace tongban::calendar {
namespace {

constexpr size_t kMaxLineBytes = 64 << 10;
constexpr size_t kBlockBytes = 256 << 10;

bool is_by_instant(Unit unit) { return unit == Unit::minutes || unit == Unit::hours; }

void append_date(Date date, std::string& out) {
  const YearMonthDay civil = date.civil();
  const auto digit = [](int32_t value) { return static_cast<char>('0' + value % 10); };
  const char text[10] = {digit(civil.year / 1000),
                         digit(civil.year / 100),
                         digit(civil.year / 10),
                         digit(civil.year),
                         '-',
                         digit(civil.month / 10),
                         digit(civil.month),
                         '-',
                         digit(civil.day / 10),
                         digit(civil.day)};
  out.append(text, sizeof text);
}

void append_error(const Error& error, std::string& out) { out += to_json_text(json::object{{"error", error.message}}); }

bool append_due(const Calendar& calendar, Instant start, Unit unit, int64_t n, std::string& out) {
  const Result<Due> due = find_due(calendar, start, unit, n);
  if (!due.ok()) {
    append_error(due.error(), out);
    return false;
  }
  out += "{\"due\":\"";
  if (is_by_instant(unit)) {
    out += to_text(due->due_at);
  } else {
    append_date(due->due_on, out);
  }
  out += due->provisional ? "\",\"provisional\":true}" : "\",\"provisional\":false}";
  return true;
}

struct Question {
  Instant start;
  Unit unit;
  int64_t n;
};

Result<Instant> parse_start(std::string_view text, Unit unit) {
  if (text.size() != 10) return parse_instant(text);
  const Result<Date> date = parse_date(text);
  if (!date.ok()) return date.error();
  if (is_by_instant(unit)) {
    return fail(Trouble::invalid_input, "Minutes and hours start at a point in time; write \"start\" as " +
                                            std::string(text) + "T09:30:00+08:00.");
  }
  return start_of_day(*date);
}

Result<Question> parse_question(std::string_view line) {
  const json::value value = TRY(parse_json(line));
  const auto* object = value.if_object();
  if (object == nullptr) {
    return fail(Trouble::invalid_input,
                "A line is one object like {\"start\":\"2021-02-05\",\"unit\":\"working_days\",\"n\":5}.");
  }
  for (const auto& member : *object) {
    if (member.key() != "start" && member.key() != "unit" && member.key() != "n") {
      return fail(Trouble::invalid_input,
                  "\"" + std::string(member.key()) + "\" is not known; a line has start, unit and n.");
    }
  }
  const std::optional<Unit> unit = parse_unit(text_at(*object, "unit"));
  if (!unit) {
    return fail(Trouble::invalid_input, "\"unit\" is one of minutes, hours, working_days, calendar_days and months.");
  }
  const json::value* n = find_member(*object, "n");
  if (n == nullptr || !n->is_int64()) return fail(Trouble::invalid_input, "\"n\" is a whole number, 0 or more.");
  const json::value* start = find_member(*object, "start");
  if (start == nullptr || !start->is_string()) {
    return fail(Trouble::invalid_input, "\"start\" is a text, a date or a point in time.");
  }
  return Question{TRY(parse_start(text_at(*object, "start"), *unit)), *unit, n->get_int64()};
}

// Moves past `expected` at the front.
bool take(std::string_view& rest, std::string_view expected) {
  if (!rest.starts_with(expected)) return false;
  rest.remove_prefix(expected.size());
  return true;
}

// Takes what stands before the next quotation mark, and the mark; nothing when an escape makes the text not plain.
std::optional<std::string_view> take_plain_text(std::string_view& rest) {
  const size_t end = rest.find_first_of("\"\\");
  if (end == std::string_view::npos || rest[end] != '"') return std::nullopt;
  const std::string_view text = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return text;
}

// Exactly the form {"start":"…","unit":"…","n":5}, or with one space after each colon and comma. Anything else, and
// anything faulty, is left to the general road, which says what is wrong.
std::optional<Question> parse_usual_form(std::string_view rest) {
  if (!take(rest, "{\"start\":")) return std::nullopt;
  const std::string_view space = rest.starts_with(' ') ? " " : "";
  if (!take(rest, space) || !take(rest, "\"")) return std::nullopt;
  const auto start_text = take_plain_text(rest);
  if (!start_text || !take(rest, ",") || !take(rest, space) || !take(rest, "\"unit\":") || !take(rest, space) ||
      !take(rest, "\"")) {
    return std::nullopt;
  }
  const auto unit_text = take_plain_text(rest);
  if (!unit_text || !take(rest, ",") || !take(rest, space) || !take(rest, "\"n\":") || !take(rest, space)) {
    return std::nullopt;
  }
  const std::optional<Unit> unit = parse_unit(*unit_text);
  // At most 18 digits fit; a leading zero and a sign are left to the general road.
  const size_t digits = rest.find('}');
  if (!unit || digits == 0 || digits == std::string_view::npos || digits > 18 || digits + 1 != rest.size()) {
    return std::nullopt;
  }
  if (rest[0] == '0' && digits > 1) return std::nullopt;
  int64_t n = 0;
  for (const char c : rest.substr(0, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    n = n * 10 + (c - '0');
  }
  const Result<Instant> start = parse_start(*start_text, *unit);
  if (!start.ok()) return std::nullopt;
  return Question{*start, *unit, n};
}

}  // namespace

bool append_answer_generally(const Calendar& calendar, std::string_view line, std::string& out) {
  const Result<Question> question = parse_question(line);
  if (!question.ok()) {
    append_error(question.error(), out);
    return false;
  }
  return append_due(calendar, question->start, question->unit, question->n, out);
}

bool append_answer(const Calendar& calendar, std::string_view line, std::string& out) {
  if (const std::optional<Question> question = parse_usual_form(line)) {
    return append_due(calendar, question->start, question->unit, question->n, out);
  }
  return append_answer_generally(calendar, line, out);
}

bool answer_lines(const Calendar& calendar, std::istream& in, std::ostream& out) {
  bool all_answered = true;
  std::string answers;
  const auto answer = [&](std::string_view line, bool too_long) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (too_long) {
      append_error(fail(Trouble::invalid_input, "The line is longer than 64 KiB."), answers);
      all_answered = false;
    } else if (line.empty()) {
      append_error(fail(Trouble::invalid_input, "The line is empty."), answers);
      all_answered = false;
    } else if (!append_answer(calendar, line, answers)) {
      all_answered = false;
    }
    answers += '\n';
  };

  std::vector<char> block(kBlockBytes);
  std::string pending;    // the start of a line whose end was not read yet, at most kMaxLineBytes of it
  bool too_long = false;  // the rest of that line is dropped
  bool has_pending = false;
  // A pipe is answered when a block is full or the input ends.
  while (in) {
    in.read(block.data(), static_cast<std::streamsize>(block.size()));
    std::string_view rest(block.data(), static_cast<size_t>(in.gcount()));
    while (!rest.empty()) {
      const size_t end = rest.find('\n');
      const std::string_view piece = rest.substr(0, end);
      if (end != std::string_view::npos && !has_pending) {
        answer(piece, piece.size() > kMaxLineBytes);
      } else {
        too_long = too_long || pending.size() + piece.size() > kMaxLineBytes;
        if (!too_long) pending += piece;
        has_pending = true;
        if (end != std::string_view::npos) {
          answer(pending, too_long);
          pending.clear();
          too_long = false;
          has_pending = false;
        }
      }
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    out.write(answers.data(), static_cast<std::streamsize>(answers.size()));
    answers.clear();
  }
  if (has_pending) {
    answer(pending, too_long);
    out.write(answers.data(), static_cast<std::streamsize>(answers.size()));
  }
  out.flush();
  return all_answered;
}

}  // namespace tongban::calendar
