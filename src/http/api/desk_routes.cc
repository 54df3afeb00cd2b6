// Routes of the desk beside those of a case: who else has it open, and a list as a spreadsheet.
#include <algorithm>

#include "base/text.h"
#include "http/api/case_json.h"
#include "http/api/csv.h"
#include "http/api/impl.h"

namespace tongban::http {
namespace {

constexpr size_t kMostRows = 10'000;
constexpr uint32_t kRowsAtOnce = 200;

struct Column {
  std::string id, title;  // id of a field; of several types the same id is one column
};

// The fields that lists show, of every type.
std::vector<Column> field_columns(const pack::Library& packs, const std::string& type_key) {
  std::vector<Column> columns;
  for (const auto& pack : packs.packs) {
    for (const auto& type : pack->cases) {
      if (!type_key.empty() && pack->id + "/" + type.id != type_key) continue;
      for (const auto& field : type.fields) {
        const bool known =
            std::any_of(columns.begin(), columns.end(), [&](const Column& one) { return one.id == field.id; });
        if (field.in_list && !known && field.id != type.title_field) columns.push_back({field.id, field.title});
      }
    }
  }
  return columns;
}

// 2026-11-23T02:41:39.963+08:00 → 2026-11-23 02:41
std::string minute_of(std::string_view instant) {
  return instant.size() < 16 ? std::string(instant)
                             : std::string(instant.substr(0, 10)) + " " + std::string(instant.substr(11, 5));
}

std::string text_of(const json::value* value) {
  if (!value || value->is_null()) return {};
  if (value->is_string()) return std::string(std::string_view(value->get_string()));
  if (value->is_bool()) return value->get_bool() ? "是" : "否";
  if (!value->is_array()) return to_json_text(*value);
  std::vector<std::string> parts;
  for (const auto& item : value->get_array()) parts.push_back(item.is_string() ? text_of(&item) : to_json_text(item));
  return join(parts, "；");
}

std::vector<std::string> cells_of(const json::object& row, const std::vector<Column>& columns) {
  const auto text = [&](std::string_view name) { return text_of(find_member(row, name)); };
  const json::value* due_value = find_member(row, "due");
  const json::object empty;
  const json::object& due = due_value && due_value->is_object() ? due_value->get_object() : empty;
  std::vector<std::string> cells{text("number"), text("title"), text("type_title"), text("state_title"),
                                 minute_of(text("opened_at")), minute_of(text("changed_at")),
                                 minute_of(text("closed_at")), text("holder_name"), text_of(find_member(due, "title")),
                                 // A day's limit ends at its 24:00, which is 0:00 of a day that is too late.
                                 find_member(due, "remaining_minutes") ? minute_of(text_of(find_member(due, "at")))
                                                                       : text_of(find_member(due, "on")),
                                 text_of(find_member(due, "remaining")), text("late")};
  const json::value* fields = find_member(row, "fields");
  const json::value* labels = find_member(row, "labels");
  for (const Column& column : columns) {
    const json::value* label = labels && labels->is_object() ? find_member(labels->get_object(), column.id) : nullptr;
    const json::value* value = fields && fields->is_object() ? find_member(fields->get_object(), column.id) : nullptr;
    cells.push_back(text_of(label ? label : value));
  }
  return cells;
}

}  // namespace

static void export_list(Api::Impl& api, const CallPtr& call) {
  const auto registers = api.parts.engine->registers();
  auto query = case_query_of(*call, *registers);
  if (!query) return;
  const std::vector<Column> columns = field_columns(api.parts.engine->packs(), query->type);
  std::vector<std::string> head{"编号",     "事项", "类型", "状态",     "提出时间",   "更新时间",
                                "办结时间", "承办", "时限", "到期时间", "剩余工作日", "超期"};
  for (const Column& column : columns) head.push_back(column.title);
  std::string out(kCsvMark);
  add_csv_row(out, head);
  const RowContext context(*api.parts.engine, *registers, call->actor(), call->now);
  size_t rows = 0;
  query->after.clear();
  bool cut = false;
  for (;;) {
    query->limit = static_cast<uint32_t>(std::min<size_t>(kRowsAtOnce, kMostRows - rows));
    const auto page = api.parts.store->list_cases(*query);
    if (!page.ok()) return call->refuse(page.error());
    for (const auto& row : page->rows) {
      if (const auto shown = render_row(context, row)) add_csv_row(out, cells_of(*shown, columns));
    }
    rows += page->rows.size();
    query->after = page->next;
    if (query->after.empty()) break;
    if (rows >= kMostRows) {
      cut = true;
      break;
    }
  }
  if (cut)
    add_csv_row(out, {"（只列出前 " + std::to_string(kMostRows) + " 件，后面还有。请缩小查询范围，分几次导出。）"});
  Response response;
  response.content_type = "text/csv; charset=utf-8";
  response.body = std::move(out);
  response.with("Content-Disposition", "attachment; filename=\"cases.csv\"");
  response.with("X-Content-Type-Options", "nosniff");
  if (cut) response.with("X-Truncated", "true");
  call->answer(std::move(response));
}

static void put_presence(Api::Impl& api, const CallPtr& call) {
  const auto registers = api.parts.engine->registers();
  const auto state = api.visible_case(*call, *registers);
  if (!state) return;
  const auto body = api.body_of(*call);
  if (!body) return;
  const json::value* editing = find_member(*body, "editing");
  if (!editing || !editing->is_bool())
    return call->refuse(422, "invalid_form", "请填写", "请填写 editing（true 或 false）。");
  const Date day = local_date(call->now);
  Present present{.person = call->actor_key(), .editing = editing->get_bool()};
  present.name =
      call->session->person.empty() ? call->session->account : registers->name_of("people", call->session->person, day);
  std::string unit = call->actor().unit;
  for (const auto& post : registers->posts_of(call->session->person, day)) {
    if (unit.empty()) unit = post.unit;
  }
  if (!unit.empty()) present.unit = registers->name_of("units", unit, day);
  json::array others;
  for (const auto& other : api.presence.put(state->id, std::move(present), call->now)) {
    others.push_back(json::object{
        {"name", other.name}, {"unit", other.unit}, {"since", to_text(other.since)}, {"editing", other.editing}});
  }
  call->answer_json(200, json::object{{"others", std::move(others)}});
}

static void remove_presence(Api::Impl& api, const CallPtr& call) {
  const auto registers = api.parts.engine->registers();
  const auto state = api.visible_case(*call, *registers);
  if (!state) return;
  api.presence.remove(state->id, call->actor_key());
  Response response;
  response.status = 204;
  call->answer(std::move(response));
}

void Api::Impl::add_desk_routes() {
  const auto list =
      std::find_if(routes.begin(), routes.end(), [](const Route& r) { return r.operation == "listCases"; });
  std::vector<QueryParameter> filters = list == routes.end() ? std::vector<QueryParameter>() : list->query;
  std::erase_if(filters, [](const QueryParameter& one) { return one.name == "after" || one.name == "limit"; });
  add({.method = Method::get,
       .path = "/api/v1/cases.csv",
       .operation = "exportCases",
       .summary = "A list as a spreadsheet, at most 10,000 rows; its last line says when it was cut",
       .tag = "cases",
       .access = Access::staff,
       .handle = bind(export_list),
       .query = std::move(filters),
       .media_type = "text/csv",
       .refusals = {400}});
  add({.method = Method::put,
       .path = "/api/v1/cases/{id}/presence",
       .operation = "putPresence",
       .summary = "Says that the caller has this case open, for 45 seconds; who else has",
       .tag = "cases",
       .access = Access::staff,
       .handle = bind(put_presence),
       .body = json::object{{"type", "object"},
                            {"additionalProperties", false},
                            {"properties", json::object{{"editing", json::object{{"type", "boolean"}}}}},
                            {"required", json::array{"editing"}}},
       .result = json::object{{"$ref", "#/components/schemas/PresenceOfOthers"}},
       .refusals = {400, 415, 422}});
  add({.method = Method::remove,
       .path = "/api/v1/cases/{id}/presence",
       .operation = "removePresence",
       .summary = "Says that the caller has closed this case",
       .tag = "cases",
       .access = Access::staff,
       .handle = bind(remove_presence),
       .status = 204});
}

}  // namespace tongban::http
