// The routes that answer before anything is stored: what an act would do, when a request would be due, and the working
// calendar that all counting rests on.
#include <algorithm>
#include <map>

#include "base/text.h"
#include "http/api/case_json.h"
#include "http/api/form_json.h"
#include "http/api/impl.h"
#include "kernel/estimate.h"
#include "kernel/explain.h"

namespace tongban::http {
namespace {

constexpr int64_t kMostCalendarDays = 400;

// The form as decide wants it. Personal values carry a placeholder: nothing of a preview is kept or shown.
std::vector<kernel::FormValue> form_of(const json::object& body, const pack::Action& action) {
  std::vector<kernel::FormValue> form;
  for (const auto& [key, value] : body) {
    kernel::FormValue one{std::string(key), feel::value_from_json(value), {}};
    for (const pack::Field& field : action.form) {
      if (field.id == one.name && field.personal && !one.plain.is_null()) one.sealed = "preview";
    }
    form.push_back(std::move(one));
  }
  return form;
}

void answer_preview(Api::Impl& api, const CallPtr& call, const kernel::CaseState* before, const pack::Pack& pack,
                    const kernel::Registers& registers, kernel::Verdict verdict) {
  if (const auto* rejection = std::get_if<kernel::Rejection>(&verdict)) return call->refuse(*rejection);
  kernel::CaseState& after = std::get<kernel::Decided>(verdict).state;
  // Only what this act adds: the letters and decisions that were there before are left out.
  if (before) {
    after.letters.erase(after.letters.begin(), after.letters.begin() + static_cast<ptrdiff_t>(before->letters.size()));
    after.decisions.erase(after.decisions.begin(),
                          after.decisions.begin() + static_cast<ptrdiff_t>(before->decisions.size()));
  }
  CaseView view = render_case(*api.parts.engine, after, pack, call->actor(), registers, {}, call->now);
  json::object& body = view.body;
  call->answer_json(200, json::object{{"state", std::move(body["state"])},
                                      {"clocks", std::move(body["clocks"])},
                                      {"letters", std::move(body["letters"])},
                                      {"holders", std::move(body["held_by"])},
                                      {"decisions", std::move(body["decisions"])}});
}

// The pack and type of the path; answers 404 when there is none.
std::pair<std::shared_ptr<const pack::Pack>, const pack::CaseType*> type_of(Api::Impl& api, const CallPtr& call) {
  auto pack = api.parts.engine->packs().find(call->parameter("pack"));
  const pack::CaseType* type = pack ? pack->find_case(call->parameter("type")) : nullptr;
  if (!type) call->refuse(404, "not_found", "没有这种办件", "请查看 /api/v1/packs。");
  return {std::move(pack), type};
}

std::string to_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

// Does the word stand in the text? Latin words without regard to case and only whole: `bus` does not stand in
// `business`.
bool stands_in(std::string_view text, std::string_view word) {
  for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const size_t end = at + word.size();
    const bool begins = at == 0 || !is_letter(word.front()) || !is_letter(text[at - 1]);
    const bool ends = end == text.size() || !is_letter(word.back()) || !is_letter(text[end]);
    if (begins && ends) return true;
  }
  return false;
}

// What the words typed speak for: each word of the register that stands in the text counts by its length, a word inside
// a longer one that stands there too does not count. Two values with the same weight: no suggestion.
std::optional<json::object> suggestion(const pack::CaseType& type, const pack::Hint& hint, const json::object& form,
                                       const kernel::Registers& registers, Date today) {
  std::string text;
  for (const auto& name : hint.from) text += to_lower(text_at(form, name)) + "\n";
  const pack::Field* field = type.find_field(hint.field);
  if (!field || text.size() > 20'000) return std::nullopt;
  std::vector<std::pair<std::string, std::string>> found;  // word, value
  for (const kernel::Entry* entry : registers.all(hint.reg)) {
    const kernel::Revision* revision = entry->as_of(today);
    if (!revision) continue;
    const feel::Value word = revision->values.get("word"), value = revision->values.get(hint.field);
    if (word.kind() != feel::Value::Kind::text || value.kind() != feel::Value::Kind::text) continue;
    if (!word.as_text().empty() && stands_in(text, to_lower(word.as_text())))
      found.emplace_back(word.as_text(), value.as_text());
  }
  std::map<std::string, std::pair<size_t, std::vector<std::string>>> votes;
  for (const auto& [word, value] : found) {
    const bool inside = std::any_of(found.begin(), found.end(), [&, &w = word](const auto& longer) {
      return longer.first.size() > w.size() && longer.first.find(w) != std::string::npos;
    });
    if (inside) continue;
    votes[value].first += count_characters(word);
    votes[value].second.push_back(word);
  }
  const auto best = std::max_element(votes.begin(), votes.end(),
                                     [](const auto& a, const auto& b) { return a.second.first < b.second.first; });
  if (best == votes.end()) return std::nullopt;
  const auto same = std::count_if(votes.begin(), votes.end(),
                                  [&](const auto& one) { return one.second.first == best->second.first; });
  const auto label = std::find_if(field->values.begin(), field->values.end(),
                                  [&](const auto& one) { return one.first == best->first; });
  if (same > 1 || label == field->values.end()) return std::nullopt;
  const auto english = field->values_en.find(best->first);
  const std::string title_en = english == field->values_en.end() ? label->second : english->second;
  const auto& words = best->second.second;
  json::array listed;
  for (const auto& word : words) listed.push_back(json::string(word));
  return json::object{
      {"field", hint.field},
      {"value", best->first},
      {"title", label->second},
      {"title_en", title_en},
      {"words", std::move(listed)},
      {"sentence", "写到“" + join(words, "”“") + "”，" + field->title + "建议选“" + label->second + "”。"},
      {"sentence_en", "Suggested by the words: " + join(words, ", ") + "."}};
}

}  // namespace

static void preview_opening(Api::Impl& api, const CallPtr& call) {
  const auto [pack, type] = type_of(api, call);
  if (!type) return;
  auto body = api.body_of(*call);
  if (!body) return;
  body->erase("link");
  const auto join = api.joined_case(*call, *body);
  if (join && join->is_nil()) return;
  const auto other = join ? api.parts.engine->load(*join) : nullptr;
  const auto registers = api.parts.engine->registers();
  kernel::OpenCase open;
  open.pack = pack->id;
  open.type = type->id;
  open.form = form_of(*body, type->open);
  open.channel = "web";
  open.number = "（提交后编号）";
  const Id id = make_id(call->now);
  kernel::Command command{
      .id = id, .case_id = id, .actor = call->actor(), .received_at = call->now, .body = std::move(open)};
  const kernel::Context context{.pack = pack.get(),
                                .calendar = &api.parts.engine->calendar().known_on(local_date(call->now)),
                                .registers = registers.get(),
                                .other = other.get()};
  answer_preview(api, call, nullptr, *pack, *registers, kernel::preview(nullptr, std::move(command), context));
}

static void preview_act(Api::Impl& api, const CallPtr& call) {
  const auto registers = api.parts.engine->registers();
  const auto state = api.visible_case(*call, *registers);
  if (!state) return;
  const auto body = api.body_of(*call);
  if (!body) return;
  const pack::Pack& pack = *api.parts.engine->pack_of(*state);
  const pack::Action* action = pack.find_case(state->type)->find_action(call->parameter("action"));
  if (!action || action->by_timer) return call->refuse(404, "not_found", "没有这一步", "请查看办件可以办理的事项。");
  kernel::TakeAction take{.action = action->id, .form = {}, .assignment = 0};
  json::object form = *body;
  if (const json::value* assignment = find_member(form, "assignment")) {
    if (!assignment->is_int64() || assignment->get_int64() < 0 || assignment->get_int64() > 1'000'000)
      return call->refuse(400, "bad_assignment", "assignment 不对", "assignment 是承办记录的序号。");
    take.assignment = static_cast<uint32_t>(assignment->get_int64());
    form.erase("assignment");
  }
  take.form = form_of(form, *action);
  kernel::Command command{.id = make_id(call->now),
                          .case_id = state->id,
                          .actor = call->actor(),
                          .received_at = call->now,
                          .body = std::move(take)};
  const auto other = api.other_case(*call, *action, form, *registers);
  kernel::Context context = api.parts.engine->context_of(*state, call->now, *registers);
  context.other = other.get();
  answer_preview(api, call, state.get(), pack, *registers, kernel::preview(state.get(), std::move(command), context));
}

static void estimate(Api::Impl& api, const CallPtr& call) {
  const auto [pack, type] = type_of(api, call);
  if (!type) return;
  const auto body = api.body_of(*call);
  if (!body) return;
  const json::value* form = find_member(*body, "form");
  if (form && !form->is_object())
    return call->refuse(422, "invalid_form", "请填写", "form 应是已经填写的各项，可以不全。");
  const auto registers = api.parts.engine->registers();
  const calendar::Calendar& calendar = api.parts.engine->calendar().known_on(local_date(call->now));
  const kernel::Context context{.pack = pack.get(), .calendar = &calendar, .registers = registers.get()};
  const json::object none;
  const auto made = kernel::estimate(*type, form_of(form ? form->get_object() : none, type->open), context, call->now);
  kernel::CaseState state;
  state.type = type->id;
  json::array clocks, missing;
  for (const auto& one : made.clocks) {
    json::object clock = clock_json(state, one.clock, *pack, calendar, call->now);
    clock["basis"] = kernel::to_json(one.basis);
    clocks.push_back(std::move(clock));
  }
  for (const auto& name : made.missing) {
    const json::string text(name);
    if (std::find(missing.begin(), missing.end(), text) == missing.end()) missing.push_back(text);
  }
  json::array suggested;
  for (const auto& hint : type->hints) {
    if (auto one = suggestion(*type, hint, form ? form->get_object() : none, *registers, local_date(call->now)))
      suggested.push_back(std::move(*one));
  }
  json::object answer{
      {"clocks", std::move(clocks)}, {"missing", std::move(missing)}, {"suggested", std::move(suggested)}};
  if (call->session && !call->session->person.empty()) {  // which unit would handle it is said to staff
    json::array& decisions = answer["decisions"].emplace_array();
    for (const auto& one : made.decisions) decisions.push_back(kernel::explain_decision(one, *pack));
  }
  call->answer_json(200, answer);
}

static void list_days(Api::Impl& api, const CallPtr& call) {
  const auto day_of = [&](std::string_view name) { return parse_date(call->request.find_query(name).value_or("")); };
  const auto from = day_of("from"), to = day_of("to");
  if (!from.ok() || !to.ok() || *to < *from || *to - *from >= kMostCalendarDays)
    return call->refuse(400, "bad_query", "查询条件不对", "from 和 to 应为日期，最多 400 天，例如 2021-02-01。");
  const calendar::Calendar& calendar = api.parts.engine->calendar().known_on(local_date(call->now));
  json::array days;
  for (Date day = *from; day <= *to; day = day + 1) {
    json::object one{{"date", to_text(day)},
                     {"working", calendar.is_working_day(day)},
                     {"provisional", calendar.is_provisional(day)}};
    if (const auto special = calendar.find_special(day)) {
      one["name"] = special->name;
      if (!special->notice.empty()) one["notice"] = special->notice;
    }
    days.push_back(std::move(one));
  }
  call->answer_json(200, json::object{{"days", std::move(days)}});
}

static void list_editions(Api::Impl& api, const CallPtr& call) {
  json::array items;
  for (const calendar::Notice& notice : api.parts.engine->calendar().notices()) {
    json::object one{{"notice", notice.id},
                     {"title", std::to_string(notice.year) + " 年放假安排" + (notice.amendment ? "（调整）" : "")},
                     {"number", notice.number},
                     {"published", to_text(notice.published)},
                     {"year", notice.year},
                     {"amendment", notice.amendment},
                     {"days", notice.days.size()}};
    if (!notice.url.empty()) one["url"] = notice.url;
    items.push_back(std::move(one));
  }
  call->answer_json(200, json::object{{"items", std::move(items)}});
}

void Api::Impl::add_pack_routes() {
  const json::object any{{"type", "object"}, {"additionalProperties", true}};
  add({.method = Method::post,
       .path = "/api/v1/packs/{pack}/types/{type}/previews",
       .operation = "previewOpening",
       .summary = "What opening a case with this form would do; nothing is stored",
       .tag = "packs",
       .handle = bind(preview_opening),
       .body = any,
       .result = schema_of("Preview"),
       .refusals = {400, 403, 404, 415, 422}});
  add({.method = Method::post,
       .path = "/api/v1/cases/{id}/previews/{action}",
       .operation = "previewAct",
       .summary =
           "What an act with this form would do: state, time limits, letters, who must act next; nothing is stored",
       .tag = "cases",
       .access = Access::caller_or_staff,
       .handle = bind(preview_act),
       .body = any,
       .result = schema_of("Preview"),
       .refusals = {400, 403, 404, 409, 415, 422}});
  add({.method = Method::post,
       .path = "/api/v1/packs/{pack}/types/{type}/estimates",
       .operation = "estimate",
       .summary = "The time limits as if they started now, as far as the form decides them",
       .tag = "packs",
       .handle = bind(estimate),
       .body = json::object{{"type", "object"}, {"additionalProperties", false}, {"properties", {{"form", any}}}},
       .result = schema_of("Estimates"),
       .refusals = {400, 404, 415, 422}});
  add({.method = Method::get,
       .path = "/api/v1/calendar",
       .operation = "listDays",
       .summary = "Working days and days off as known today, with the notice each exception rests on",
       .tag = "calendar",
       .handle = bind(list_days),
       .query = {{"from", "string", "first day"}, {"to", "string", "last day, at most 400 days"}},
       .result = schema_of("CalendarDays"),
       .refusals = {400}});
  add({.method = Method::get,
       .path = "/api/v1/calendar-editions",
       .operation = "listCalendarEditions",
       .summary = "The holiday notices that are known",
       .tag = "calendar",
       .handle = bind(list_editions),
       .result = schema_of("CalendarEditions")});
}

}  // namespace tongban::http
