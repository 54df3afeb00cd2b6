// The form of an act against its schema: every fault at once, values put into their kinds.
#include <algorithm>

#include "base/text.h"
#include "kernel/decide.h"

namespace tongban::kernel {
namespace {

using feel::Value;

constexpr size_t kMaxListLength = 100;

size_t limit_of_characters(const pack::Field& field) {
  if (field.max_length > 0) return static_cast<size_t>(field.max_length);
  return field.kind == pack::FieldKind::long_text ? 5000 : 200;
}

bool has_control_characters(std::string_view text, bool lines_allowed) {
  return std::any_of(text.begin(), text.end(), [&](char c) {
    return static_cast<unsigned char>(c) < 0x20 && !(lines_allowed && (c == '\n' || c == '\r' || c == '\t'));
  });
}

// Digits of a Chinese or foreign number, grouped as people like: 7 to 20 characters, at least 7 digits.
bool is_phone(std::string_view text) {
  size_t digits = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c >= '0' && c <= '9')
      ++digits;
    else if (!(c == '-' || c == ' ' || c == '(' || c == ')' || (c == '+' && i == 0)))
      return false;
  }
  return text.size() <= 24 && digits >= 7 && digits <= 18;
}

std::string check_text(const pack::Field& field, const Value& value) {
  if (value.kind() != Value::Kind::text) return "请填写文字。";
  const std::string& text = value.as_text();
  if (!is_valid_utf8(text)) return "文字编码有误，请用 UTF-8。";
  const size_t most = limit_of_characters(field), characters = count_characters(text);
  if (characters > most) {
    return "最多 " + std::to_string(most) + " 个字，现在是 " + std::to_string(characters) + " 个字。";
  }
  if (has_control_characters(text, field.kind == pack::FieldKind::long_text)) return "不能含有控制字符。";
  return {};
}

// Puts one value into the field's kind; returns a sentence when it cannot.
std::string coerce_one(const pack::Field& field, Value& value, const Registers& registers, Date day) {
  switch (field.kind) {
    case pack::FieldKind::text:
    case pack::FieldKind::long_text:
      return check_text(field, value);
    case pack::FieldKind::phone:
      if (value.kind() != Value::Kind::text || !is_phone(trim(value.as_text())))
        return "请填写电话号码，例如 13812345678 或 023-12345678。";
      value = Value::text(std::string(trim(value.as_text())));
      return {};
    case pack::FieldKind::number: {
      if (value.kind() == Value::Kind::text) {
        const auto number = feel::Number::parse(value.as_text());
        if (!number) return "请填写数字。";
        value = Value::of(*number);
      }
      if (value.kind() != Value::Kind::number) return "请填写数字。";
      if (field.min && value.as_number() < *field.min) return "不能小于 " + field.min->to_text() + "。";
      if (field.max && value.as_number() > *field.max) return "不能大于 " + field.max->to_text() + "。";
      return {};
    }
    case pack::FieldKind::yes_no:
      if (value.kind() == Value::Kind::text) {
        const std::string& text = value.as_text();
        if (text == "yes" || text == "true" || text == "是")
          value = Value::of(true);
        else if (text == "no" || text == "false" || text == "否")
          value = Value::of(false);
      }
      return value.kind() == Value::Kind::boolean ? "" : "请选择是或否。";
    case pack::FieldKind::date: {
      if (value.kind() == Value::Kind::date) return {};
      const auto date = value.kind() == Value::Kind::text ? parse_date(value.as_text())
                                                          : Result<Date>(fail(Trouble::invalid_input, ""));
      if (!date.ok()) return "请填写存在的日期，例如 2021-02-05。";
      value = Value::of(*date);
      return {};
    }
    case pack::FieldKind::instant: {
      if (value.kind() == Value::Kind::date_time) return {};
      const auto at = value.kind() == Value::Kind::text ? parse_instant(value.as_text())
                                                        : Result<Instant>(fail(Trouble::invalid_input, ""));
      if (!at.ok()) return "请填写时间，例如 2021-02-05T09:30:00+08:00。";
      value = Value::of(feel::DateTime{*at});
      return {};
    }
    case pack::FieldKind::limit: {
      const auto limit = value.kind() == Value::Kind::text ? pack::parse_limit(value.as_text()) : pack::limit_of(value);
      if (!limit || limit->n <= 0 || limit->n > 100'000) return "请填写时限，例如 5 工作日。";
      value = pack::to_value(*limit);
      return {};
    }
    case pack::FieldKind::one_of: {
      std::vector<std::string> labels;
      if (value.kind() == Value::Kind::text) {
        for (const auto& [id, label] : field.values) {
          if (value.as_text() == id) return {};
          if (value.as_text() == label) {
            value = Value::text(id);
            return {};
          }
          labels.push_back(label);
        }
      } else {
        for (const auto& [id, label] : field.values) labels.push_back(label);
      }
      return "请从这些中选择：" + join(labels, "、") + "。";
    }
    case pack::FieldKind::entry: {
      if (value.kind() == Value::Kind::text) {
        const Entry* entry = registers.find(field.reg, value.as_text());
        if (entry && entry->as_of(day)) return {};
        for (const char* name : {"name", "title"}) {  // people and scenarios write names
          const auto named = registers.where(field.reg, name, value, day);
          if (named.size() == 1) {
            value = Value::text(named[0]->id);
            return {};
          }
        }
        if (entry)
          return "“" + registers.name_of(field.reg, value.as_text(), day) + "”在 " + to_text(day) +
                 " 不在有效期内，请另选。";
      }
      return "名录中没有这一项，请从名录中选择。";
    }
    case pack::FieldKind::other_case:  // whether there is such a case, and for whom, the act itself asks
      if (value.kind() != Value::Kind::text || trim(value.as_text()).empty() || value.as_text().size() > 64)
        return "请填写办件的编号。";
      value = Value::text(std::string(trim(value.as_text())));
      return {};
    case pack::FieldKind::file:
      if (value.kind() != Value::Kind::text || !parse_id(value.as_text())) return "请先上传附件，再填写附件编号。";
      return {};
  }
  return {};
}

bool is_blank(const Value& value) {
  return value.is_null() || (value.kind() == Value::Kind::text && trim(value.as_text()).empty()) ||
         (value.kind() == Value::Kind::list && value.as_list().empty());
}

std::string coerce_field(const pack::Field& field, Value& value, const Registers& registers, Date day) {
  if (!field.list) return coerce_one(field, value, registers, day);
  feel::List list = value.kind() == Value::Kind::list ? value.as_list() : feel::List{value};
  if (list.size() > kMaxListLength) return "最多 " + std::to_string(kMaxListLength) + " 项。";
  for (Value& element : list) {
    if (std::string fault = coerce_one(field, element, registers, day); !fault.empty()) return fault;
  }
  value = Value::list(std::move(list));
  return {};
}

}  // namespace

std::vector<FieldFault> check_form(const pack::Action& action, std::vector<FormValue>& form, const Registers& registers,
                                   Date day) {
  std::vector<FieldFault> faults;
  for (const FormValue& value : form) {
    const bool is_field = std::any_of(action.form.begin(), action.form.end(),
                                      [&](const pack::Field& field) { return value.name == field.id; });
    if (is_field) continue;
    const bool is_reason = value.name.starts_with("why_") &&
                           std::any_of(action.form.begin(), action.form.end(), [&](const pack::Field& field) {
                             return !field.suggest.empty() && value.name == "why_" + field.id;
                           });
    if (is_reason) continue;
    std::vector<std::string> names;
    for (const pack::Field& field : action.form) names.push_back(field.id);
    const std::string near = nearest_word(value.name, names);
    faults.push_back(
        {value.name, "“" + action.title + "”的表单没有这一项" + (near.empty() ? "。" : "，是不是 " + near + "？")});
  }
  for (size_t i = 0; i < form.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (form[i].name == form[j].name) faults.push_back({form[i].name, "这一项出现了两次。"});
    }
  }
  for (const pack::Field& field : action.form) {
    const auto it =
        std::find_if(form.begin(), form.end(), [&](const FormValue& value) { return value.name == field.id; });
    if (it == form.end() || is_blank(it->plain)) {
      if (it != form.end()) it->plain = Value(), it->sealed.clear();
      if (field.must) {
        const bool chosen = field.kind == pack::FieldKind::one_of || field.kind == pack::FieldKind::yes_no;
        faults.push_back({field.id, (chosen ? "请选择" : "请填写") + field.title + "。"});
      }
      continue;
    }
    if (std::string fault = coerce_field(field, it->plain, registers, day); !fault.empty())
      faults.push_back({field.id, fault});
  }
  return faults;
}

}  // namespace tongban::kernel
