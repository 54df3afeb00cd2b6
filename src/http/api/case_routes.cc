// The routes around cases: open, act, read, list, track, attach, follow.
#include <algorithm>

#include "base/text.h"
#include "engine/words.h"
#include "http/api/case_json.h"
#include "http/api/form_json.h"
#include "http/api/impl.h"
#include "kernel/explain.h"

namespace tongban::http {
namespace {

constexpr size_t kFewCases = 1000;  // as many as a query may name

using facility::Session;

constexpr int kMostRounds = 20;  // of reading on, where rows of a list are not the reader's to see

// The form of a request body: every member but those of the frame.
std::vector<std::pair<std::string, feel::Value>> form_of(const json::object& body) {
  std::vector<std::pair<std::string, feel::Value>> form;
  for (const auto& [key, value] : body) form.emplace_back(std::string(key), feel::value_from_json(value));
  return form;
}

std::optional<Instant> instant_of(std::string_view text) {
  if (const auto at = parse_instant(text); at.ok()) return *at;
  if (const auto date = parse_date(text); date.ok()) return start_of_day(*date);
  return std::nullopt;
}

json::object opened_answer(const engine::Accepted& accepted) {
  json::object body{{"id", to_text(accepted.case_id)}, {"number", accepted.number}, {"version", accepted.version}};
  if (accepted.state) body["state"] = accepted.state->state;
  if (!accepted.tracking_code.empty()) body["tracking_code"] = accepted.tracking_code;
  return body;
}

json::object acted_answer(const engine::Accepted& accepted) {
  json::object body{{"id", to_text(accepted.case_id)}, {"number", accepted.number}, {"version", accepted.version}};
  if (accepted.state) {
    body["state"] = accepted.state->state;
    body["open"] = accepted.state->open();
  }
  return body;
}

json::object object_schema(std::initializer_list<std::pair<json::string_view, json::value>> properties,
                           std::initializer_list<json::string_view> required = {}) {
  json::object members;
  for (const auto& [name, schema] : properties) members[name] = schema;
  json::object schema{{"type", "object"}, {"additionalProperties", false}, {"properties", std::move(members)}};
  if (required.size() > 0) {
    json::array names;
    for (const auto name : required) names.push_back(json::string(name));
    schema["required"] = std::move(names);
  }
  return schema;
}
json::object text_schema() { return {{"type", "string"}}; }
json::object id_schema() { return {{"type", "string"}, {"format", "uuid"}}; }
json::object integer_schema() { return {{"type", "integer"}, {"minimum", 0}}; }
json::object ref_schema(std::string_view name) { return {{"$ref", "#/components/schemas/" + std::string(name)}}; }

json::object opened_schema() {
  return object_schema({{"id", id_schema()},
                        {"number", text_schema()},
                        {"version", integer_schema()},
                        {"state", text_schema()},
                        {"tracking_code", text_schema()}},
                       {"id", "number", "version"});
}
json::object acted_schema() {
  return object_schema({{"id", id_schema()},
                        {"number", text_schema()},
                        {"version", integer_schema()},
                        {"state", text_schema()},
                        {"open", json::object{{"type", "boolean"}}}},
                       {"id", "number", "version"});
}

}  // namespace

// The units in whose lists a person finds cases, with the purpose-free holders of the person.
std::set<std::string> holders_of(const kernel::Registers& registers, const std::string& person, Date day) {
  std::set<std::string> holders{"person:" + person};
  for (const auto& post : registers.posts_of(person, day)) {
    holders.insert("unit:" + post.unit);
    holders.insert("position:" + post.position + "@" + post.unit);
  }
  return holders;
}

// Reads a case and, where personal groups are shown, records the reading first.
static void show_case(Api::Impl& api, const CallPtr& call, bool with_history) {
  const auto registers = api.parts.engine->registers();
  const auto state = api.visible_case(*call, *registers);
  if (!state) return;
  const pack::Pack& pack = *api.parts.engine->pack_of(*state);
  const auto purpose = api.purpose_of(*call);
  if (!purpose) return;
  const std::string etag = "\"v" + std::to_string(state->version) + "\"";
  CaseView view = render_case(*api.parts.engine, *state, pack, call->actor(), *registers, *purpose, call->now);
  if (with_history) {
    const auto events = api.parts.engine->load_events(state->id);
    if (!events.ok()) return call->refuse(events.error());
    view.body["story"] = kernel::tell(*events, pack, *registers);
  }
  if (!view.shown_with_purpose.empty()) {
    const auto kept = api.record_reading(*call, state->id, *purpose, join(view.shown_with_purpose, ","));
    if (!kept.ok()) return call->refuse(kept.error());
  }
  if (const auto match = call->request.find_header("If-None-Match");
      match && *match == etag && view.shown_with_purpose.empty()) {
    Response response;
    response.status = 304;
    response.with("ETag", etag);
    return call->answer(std::move(response));
  }
  Response response = json_response(200, view.body);
  response.with("ETag", etag);
  call->answer(std::move(response));
}

static void open_case(Api::Impl& api, const CallPtr& call, const std::string& pack, const std::string& type) {
  auto body = api.body_of(*call);
  if (!body) return;
  engine::Request request;
  const bool is_staff = call->session && call->session->kind != Session::Kind::caller;
  engine::Request::Open open{pack,
                             type,
                             !is_staff                                     ? "web"
                             : call->session->kind == Session::Kind::token ? "api"
                                                                           : "phone",
                             {},
                             {}};
  if (const json::value* link = find_member(*body, "link")) {
    const json::object* o = link->if_object();
    const auto other = o ? parse_id(text_at(*o, "case")) : std::nullopt;
    if (!other) return call->refuse(400, "bad_link", "关联办件不对", "link 应含 kind 和 case（办件的编号 id）。");
    const auto registers = api.parts.engine->registers();
    const auto state = api.parts.engine->load(*other);
    const bool own = !call->session || api.covers(*call->session, *other);
    if (!state || !own || !api.may_see(call->actor(), *state, *registers, call->now)) {
      return call->refuse(404, "not_found", "没有找到", "没有找到要关联的办件，或者您无权查看。");
    }
    open.link_kind = text_at(*o, "kind");
    const auto pack_of = api.parts.engine->packs().find(pack);
    const pack::CaseType* type_of = pack_of ? pack_of->find_case(type) : nullptr;
    const bool may_link = type_of && std::any_of(type_of->links.begin(), type_of->links.end(), [&](const auto& kind) {
                            return kind.id == open.link_kind && kind.at_opening && kind.to == state->type;
                          });
    if (!may_link)
      return call->refuse(400, "bad_link", "关联办件不对", "提出时不能这样关联办件。请去掉关联，或者由工作人员办理。");
    open.link_other = *other;
    body->erase("link");
  }
  open.join = api.joined_case(*call, *body);
  if (open.join && open.join->is_nil()) return;
  request.what = std::move(open);
  request.actor = call->actor();
  request.form = form_of(*body);
  api.submit(call, std::move(request), 201, opened_answer);
}

static void act(Api::Impl& api, const CallPtr& call) {
  const auto registers = api.parts.engine->registers();
  const auto state = api.visible_case(*call, *registers);
  if (!state) return;
  auto body = api.body_of(*call);
  if (!body) return;
  const auto version = api.matched_version(*call);
  if (!version) return;
  engine::Request request;
  engine::Request::Act what{call->parameter("action"), 0};
  if (const json::value* assignment = find_member(*body, "assignment")) {
    if (!assignment->is_int64() || assignment->get_int64() < 0 || assignment->get_int64() > 1'000'000) {
      return call->refuse(400, "bad_assignment", "assignment 不对", "assignment 是承办记录的序号。");
    }
    what.assignment = static_cast<uint32_t>(assignment->get_int64());
    body->erase("assignment");
  }
  request.what = std::move(what);
  request.case_id = state->id;
  request.actor = call->actor();
  request.expected_version = version;
  request.form = form_of(*body);
  api.submit(call, std::move(request), 200, acted_answer);
}

static void suggest(Api::Impl& api, const CallPtr& call) {
  const auto registers = api.parts.engine->registers();
  const auto state = api.visible_case(*call, *registers);
  if (!state) return;
  const auto body = api.body_of(*call);
  if (!body) return;
  const pack::Pack& pack = *api.parts.engine->pack_of(*state);
  const pack::CaseType& type = *pack.find_case(state->type);
  const pack::Action* action = type.find_action(call->parameter("name"));
  if (!action) return call->refuse(404, "not_found", "没有这一步", type.title + "没有这一步。");
  std::vector<kernel::FormValue> form;
  for (auto& [name, value] : form_of(*body)) form.push_back({name, std::move(value), {}});
  json::array list;
  for (const auto& made : kernel::suggestions(*state, *action, call->actor(), form,
                                              api.parts.engine->context_of(*state, call->now, *registers), call->now)) {
    json::object one = kernel::explain_decision(made, pack);
    one.erase("choice");
    one.erase("mode");
    list.push_back(std::move(one));
  }
  call->answer_json(200, json::object{{"suggestions", std::move(list)}});
}

std::optional<store::CaseQuery> case_query_of(Call& call, const kernel::Registers& registers) {
  store::CaseQuery query;
  const auto bad = [&](std::string_view name, std::string_view what) {
    call.refuse(400, "bad_query", "查询条件不对", "查询条件 " + std::string(name) + " 不对：" + std::string(what));
    return std::nullopt;
  };
  const auto text = [&](std::string_view name) { return std::string(call.request.find_query(name).value_or("")); };
  const auto flag = [&](std::string_view name, std::optional<bool>& out) {
    const std::string value = text(name);
    if (value == "true")
      out = true;
    else if (value == "false")
      out = false;
    return value.empty() || out.has_value();
  };
  const bool is_caller = call.session->kind == Session::Kind::caller;
  const auto holders = holders_of(registers, call.session->person, local_date(call.now));
  query.holder = text("holder");
  if (is_caller) return bad("holder", "来电人请按编号查看自己的办件。");
  if (query.holder.empty()) {  // the first unit of the person
    for (const auto& holder : holders) {
      if (holder.starts_with("unit:") && query.holder.empty()) query.holder = holder;
    }
    if (query.holder.empty()) query.holder = "person:" + call.session->person;
  } else if (!holders.contains(query.holder)) {
    call.refuse(404, "not_found", "没有找到", "没有这个列表，或者您无权查看。");
    return std::nullopt;
  }
  if (!flag("to_act", query.to_act)) return bad("to_act", "应为 true 或 false。");
  if (!flag("open", query.open)) return bad("open", "应为 true 或 false。");
  if (!flag("late", query.late)) return bad("late", "应为 true 或 false。");
  query.relation = text("relation");
  // Marked cases stand in the list a second time, under their mark (engine/projection.h); so one mark can be asked for.
  std::optional<bool> paused, to_decide;
  if (!flag("paused", paused) || paused == false) return bad("paused", "只能为 true。");
  if (!flag("to_decide", to_decide) || to_decide == false) return bad("to_decide", "只能为 true。");
  const std::string marked = text("flag");
  const int marks = !query.relation.empty() + !marked.empty() + paused.has_value() + to_decide.has_value();
  if (marks > 1) return bad("flag", "relation、flag、paused、to_decide 一次只能用一个。");
  if (!marked.empty()) query.relation = "flag:" + marked;
  if (paused) query.relation = "paused";
  if (to_decide) query.relation = "ask";
  query.type = text("type");
  if (const std::string states = text("state"); !states.empty()) {
    for (const auto part : split(states, ',')) query.states.emplace_back(part);
  }
  if (const std::string due = text("due_before"); !due.empty() && !(query.due_before = instant_of(due)))
    return bad("due_before", "应为日期。");
  if (const std::string due = text("due_from"); !due.empty() && !(query.due_from = instant_of(due)))
    return bad("due_from", "应为日期。");
  if (const std::string from = text("opened_from"); !from.empty() && !(query.opened_from = instant_of(from)))
    return bad("opened_from", "应为日期。");
  if (const std::string before = text("opened_before"); !before.empty() && !(query.opened_before = instant_of(before)))
    return bad("opened_before", "应为日期。");
  query.number_prefix = text("number");
  if (const std::string q = text("q"); !q.empty()) {
    if (count_characters(q) > 100) return bad("q", "最多 100 个字。");
    query.words = join(engine::search_words(q), " ");
    if (query.words.empty()) return bad("q", "没有可查的字词。");
  }
  const std::string sort = text("sort");
  if (sort.empty() || sort == "due")
    query.sort = store::Sort::due;
  else if (sort == "opened")
    query.sort = store::Sort::opened;
  else if (sort == "changed")
    query.sort = store::Sort::changed;
  else
    return bad("sort", "可用 due、opened、changed。");
  query.after = text("after");
  if (const std::string limit = text("limit"); !limit.empty()) {
    const auto number = feel::Number::parse(limit);
    const auto n = number ? number->to_int64() : std::nullopt;
    if (!n || *n < 1 || *n > 200) return bad("limit", "应为 1 到 200。");
    query.limit = static_cast<uint32_t>(*n);
  }
  return query;
}

std::vector<QueryParameter> list_filters() {
  return {{"holder", "string", "unit:…, position:…@… or person:… of the caller"},
          {"to_act", "boolean", "only those that wait for this holder"},
          {"open", "boolean", "not final"},
          {"late", "boolean", "a deadline was missed"},
          {"relation", "string", "lead, support, handler …"},
          {"flag", "string", "with this flag; one of relation, flag, paused and to_decide"},
          {"paused", "boolean", "true: a clock is paused"},
          {"to_decide", "boolean", "true: a question waits for this holder's decision"},
          {"type", "string", "pack/type"},
          {"state", "string", "states, separated by commas"},
          {"due_from", "string", "date or instant"},
          {"due_before", "string", "date or instant"},
          {"opened_from", "string", "date or instant"},
          {"opened_before", "string", "date or instant"},
          {"number", "string", "start of the number"},
          {"q", "string", "words of the text"}};
}

static void list_cases(Api::Impl& api, const CallPtr& call) {
  const auto registers = api.parts.engine->registers();
  auto query = case_query_of(*call, *registers);
  if (!query) return;
  // A relation that few cases of a long list have: without it the store would pass over all of them.
  if (!query->relation.empty() && query->open == true) {
    if (auto few = api.board.find_few(query->holder, query->relation, kFewCases)) {
      query->among = few->empty() ? std::vector<Id>{Id{}} : std::move(*few);
      query->among_is_known = true;
    }
  }
  json::monotonic_resource memory;  // of the whole page
  const json::storage_ptr page_memory = &memory;
  json::array items(page_memory);
  const RowContext context(*api.parts.engine, *registers, call->actor(), call->now, page_memory);
  const uint32_t wanted = query->limit;
  // A list of a unit has cases that only some of its posts may see: the page is filled with the next ones.
  for (int round = 0; round < kMostRounds; ++round) {
    const auto page = api.parts.store->list_cases(*query);
    if (!page.ok() && page.error().trouble == Trouble::invalid_input)
      return call->refuse(400, "bad_query", "查询条件不对",
                          "查询条件 after 不对：它属于另一个列表，请从第一页重新开始。");
    if (!page.ok()) return call->refuse(page.error());
    for (const auto& row : page->rows) {
      if (auto item = render_row(context, row)) items.push_back(std::move(*item));
    }
    query->after = page->next;
    query->limit = wanted - static_cast<uint32_t>(items.size());
    if (query->after.empty() || query->limit == 0) break;
  }
  const std::string& next = query->after;
  json::object body(page_memory);
  body.emplace("items", std::move(items));
  body["holder"] = query->holder;
  if (!next.empty()) body["next"] = next;
  Response response = json_response(200, body);
  if (!next.empty()) response.with("Link", "<?after=" + next + ">; rel=\"next\"");
  call->answer(std::move(response));
}

// Search by telephone: the number stands in the body, never in the address.
static void find_by_phone(Api::Impl& api, const CallPtr& call) {
  const auto body = api.body_of(*call);
  if (!body) return;
  const std::string_view phone = text_at(*body, "phone"), purpose = text_at(*body, "purpose");
  if (phone.empty() || purpose.empty())
    return call->refuse(422, "invalid_form", "请填写", "请填写 phone（电话）和 purpose（查阅目的）。");
  const auto registers = api.parts.engine->registers();
  const auto found = api.parts.store->find_person(api.parts.engine->phone_hash(phone));
  if (!found.ok()) return call->refuse(found.error());
  json::array items;
  std::vector<store::AuditRow> audit;
  for (const auto& hit : *found) {
    const auto state = api.parts.engine->load(hit.case_id);
    if (!state || state->erased || !api.may_see(call->actor(), *state, *registers, call->now)) continue;
    const pack::CaseType* type = api.parts.engine->pack_of(*state)->find_case(state->type);
    const auto groups = kernel::visible_groups(
        kernel::roles_of(call->actor(), state.get(), *type, *registers, local_date(call->now)), *state, *type);
    const pack::Field* field = type->find_field(type->party_phone);
    if (!field || std::find(groups.begin(), groups.end(), field->group) == groups.end())
      continue;  // who may not read it may not search by it
    const auto row = api.parts.store->find_case(hit.case_id);
    if (!row.ok() || !*row) continue;
    auto item = render_row({*api.parts.engine, *registers, call->actor(), call->now}, **row);
    if (item) items.push_back(std::move(*item));
    audit.push_back({.case_id = hit.case_id,
                     .at = call->now,
                     .actor = call->actor_key(),
                     .unit = {},
                     .purpose = std::string(purpose),
                     .what = "search:phone"});
    if (items.size() >= 200) break;
  }
  if (!audit.empty()) {
    if (const auto kept = api.keep({}, {}, std::move(audit)); !kept.ok()) return call->refuse(kept.error());
  }
  call->answer_json(200, json::object{{"items", std::move(items)}});
}

static void track(Api::Impl& api, const CallPtr& call) {
  const auto body = api.body_of(*call);
  if (!body) return;
  const auto row = api.parts.store->find_case_by_number(text_at(*body, "number"));
  if (!row.ok()) return call->refuse(row.error());
  const auto state = *row ? api.parts.engine->load((*row)->case_id) : nullptr;
  if (!state || !api.parts.engine->is_tracking_code(*state, text_at(*body, "code"))) {
    return call->refuse(404, "not_found", "没有找到", "编号或查询码不对。请核对后再试；查询码在提交时显示过一次。");
  }
  auto session = api.parts.accounts->start_caller_session(state->id, call->now);
  if (!session.ok()) return call->refuse(session.error());
  const auto registers = api.parts.engine->registers();
  CaseView view = render_case(*api.parts.engine, *state, *api.parts.engine->pack_of(*state),
                              {.kind = kernel::Actor::Kind::caller}, *registers, {}, call->now);
  Response response = json_response(200, json::object{{"token", session->secret},
                                                      {"expires_at", to_text(session->session.expires_at)},
                                                      {"case", std::move(view.body)}});
  response.with("ETag", "\"v" + std::to_string(state->version) + "\"");
  call->answer(std::move(response));
}

static void add_note(Api::Impl& api, const CallPtr& call) {
  const auto registers = api.parts.engine->registers();
  const auto state = api.visible_case(*call, *registers);
  if (!state) return;
  const auto body = api.body_of(*call);
  if (!body) return;
  const std::string_view text = text_at(*body, "text");
  if (trim(text).empty() || count_characters(text) > 5000)
    return call->refuse(422, "invalid_form", "备注需要修改", "备注为 1 到 5000 个字。");
  engine::Request request;
  request.what = engine::Request::Note{std::string(text)};
  request.case_id = state->id;
  request.actor = call->actor();
  api.submit(call, std::move(request), 201, acted_answer);
}

static void who_looked(Api::Impl& api, const CallPtr& call) {
  const auto registers = api.parts.engine->registers();
  const auto state = api.visible_case(*call, *registers);
  if (!state) return;
  const auto rows = api.parts.store->audit_of(state->id);
  if (!rows.ok()) return call->refuse(rows.error());
  json::array items;
  for (const auto& row : *rows) {
    std::string who = row.actor;
    if (who.starts_with("person:")) who = registers->name_of("people", who.substr(7), local_date(call->now));
    items.push_back(json::object{
        {"at", to_text(row.at)}, {"who", who}, {"unit", row.unit}, {"purpose", row.purpose}, {"what", row.what}});
  }
  call->answer_json(200, json::object{{"items", std::move(items)}});
}

void Api::Impl::add_case_routes() {
  const json::object case_schema = ref_schema("Case");
  auto paged = list_filters();
  paged.insert(paged.end(), {{"sort", "string", "due, opened or changed"},
                             {"after", "string", "cursor of the page before"},
                             {"limit", "integer", "1 to 200"}});
  add({.method = Method::get,
       .path = "/api/v1/cases",
       .operation = "listCases",
       .summary = "A page of cases in a list of the caller",
       .tag = "cases",
       .access = Access::staff,
       .handle = bind(list_cases),
       .query = paged,
       .result = object_schema({{"items", json::object{{"type", "array"}, {"items", ref_schema("CaseRow")}}},
                                {"holder", text_schema()},
                                {"next", text_schema()}},
                               {"items"}),
       .refusals = {400}});
  add({.method = Method::post,
       .path = "/api/v1/cases/searches",
       .operation = "findCasesByPhone",
       .summary = "Cases of a telephone number; recorded with its purpose",
       .tag = "cases",
       .access = Access::staff,
       .handle = bind(find_by_phone),
       .body = object_schema({{"phone", text_schema()}, {"purpose", text_schema()}}, {"phone", "purpose"}),
       .result =
           object_schema({{"items", json::object{{"type", "array"}, {"items", ref_schema("CaseRow")}}}}, {"items"}),
       .refusals = {400, 415, 422}});
  add({.method = Method::post,
       .path = "/api/v1/trackings",
       .operation = "trackCase",
       .summary = "A caller shows number and secret code and gets the case and a short session",
       .tag = "cases",
       .handle =
           [this](CallPtr call) {
             if (!options.lift_rate_limits && !sign_ins.take(call->request.remote_address, call->now.ms).allowed)
               return call->refuse(429, "too_many_requests", "请求太频繁", "查询太频繁，请稍后再试。");
             track(*this, call);
           },
       .body = object_schema({{"number", text_schema()}, {"code", text_schema()}}, {"number", "code"}),
       .result = object_schema({{"token", text_schema()}, {"expires_at", text_schema()}, {"case", case_schema}},
                               {"token", "expires_at", "case"}),
       .refusals = {400, 404, 415, 422, 429}});
  add({.method = Method::get,
       .path = "/api/v1/cases/{id}",
       .operation = "getCase",
       .summary = "One case, by id or number, as the caller may see it",
       .tag = "cases",
       .access = Access::caller_or_staff,
       .handle = [this](CallPtr call) { show_case(*this, call, false); },
       .result = case_schema,
       .refusals = {400, 404}});
  add({.method = Method::get,
       .path = "/api/v1/cases/{id}/story",
       .operation = "tellCase",
       .summary = "The case with its whole life as a story with reasons",
       .tag = "cases",
       .access = Access::staff,
       .handle = [this](CallPtr call) { show_case(*this, call, true); },
       .result = case_schema,
       .refusals = {400, 404}});
  add({.method = Method::get,
       .path = "/api/v1/cases/{id}/readers",
       .operation = "listReaders",
       .summary = "Who looked at the personal data of this case, when and why",
       .tag = "cases",
       .access = Access::staff,
       .handle = bind(who_looked),
       .result = ref_schema("Readers"),
       .refusals = {404}});
  add({.method = Method::post,
       .path = "/api/v1/cases/{id}/notes",
       .operation = "addNote",
       .summary = "Adds a note",
       .tag = "cases",
       .access = Access::staff,
       .handle = bind(add_note),
       .body = object_schema({{"text", text_schema()}}, {"text"}),
       .result = acted_schema(),
       .status = 201,
       .takes_key = true,
       .refusals = {400, 404, 415, 422}});
  add({.method = Method::post,
       .path = "/api/v1/cases/{id}/suggestions/{name}",
       .operation = "suggest",
       .summary = "What the tables suggest for an action, before it is taken",
       .tag = "cases",
       .access = Access::staff,
       .handle = bind(suggest),
       .body = json::object{{"type", "object"}, {"additionalProperties", true}},
       .result = ref_schema("Suggestions"),
       .refusals = {400, 404, 415}});
  add({.method = Method::get,
       .path = "/api/v1/events",
       .operation = "streamEvents",
       .summary =
           "What changed in the cases that the caller may open, as server-sent events; replays after Last-Event-ID",
       .tag = "cases",
       .access = Access::staff,
       .place = Place::inline_,
       .handle =
           [this](CallPtr call) {
             std::optional<uint64_t> last;
             if (const auto header = call->request.find_header("Last-Event-ID")) {
               if (const auto number = feel::Number::parse(*header)) {
                 if (const auto position = number->to_int64(); position && *position >= 0)
                   last = static_cast<uint64_t>(*position);
               }
             }
             Response extra;
             extra.route = call->route->path;
             const auto rights = [this, secret = call->secret]() -> std::optional<EventStreams::Rights> {
               const Instant now = parts.engine->now();
               const auto session = parts.accounts->find_session(secret, now);
               if (!session) return std::nullopt;
               const auto stands = kernel::stands_of(
                   session->person, parts.engine->registers()->posts_of(session->person, local_date(now)));
               return EventStreams::Rights{{stands.begin(), stands.end()}, session->administrator};
             };
             streams.open(std::move(call->responder), std::move(extra), rights, last);
           },
       .media_type = "text/event-stream"});

  // One row for each type and each action of the packs, so that every form has its schema.
  std::vector<std::string> seen;
  for (const auto& pack : parts.engine->packs().packs) {
    for (const auto& type : pack->cases) {
      json::object schema = form_schema(type.open);
      schema["properties"].as_object()["link"] =
          object_schema({{"kind", text_schema()}, {"case", id_schema()}}, {"kind", "case"});
      if (!type.open.other.link.empty()) schema["properties"].as_object()["join"] = text_schema();
      add({.method = Method::post,
           .path = "/api/v1/packs/" + pack->id + "/" + type.id,
           .operation = "open_" + pack->id + "_" + type.id,
           .summary = type.open.title + "：" + type.title,
           .tag = pack->id,
           .access = type.public_opening == "yes" ? Access::anyone : Access::staff,
           .place = Place::inline_,
           .handle = [this, pack_id = pack->id,
                      type_id = type.id](CallPtr call) { open_case(*this, call, pack_id, type_id); },
           .body = std::move(schema),
           .result = opened_schema(),
           .status = 201,
           .takes_key = true,
           .refusals = {400, 403, 404, 415, 422, 503, 507}});
      for (const auto& action : type.actions) {
        if (action.by_timer) continue;
        const std::string path = "/api/v1/cases/{id}/actions/" + action.id;
        json::object form = form_schema(action);
        form["properties"].as_object()["assignment"] = integer_schema();
        const auto same =
            std::find_if(routes.begin(), routes.end(), [&](const Route& route) { return route.path == path; });
        if (same != routes.end()) {  // another pack's action of that name: either form
          json::object& body = same->body.as_object();
          if (!body.contains("anyOf")) body = json::object{{"anyOf", json::array{json::value(body)}}};
          body["anyOf"].as_array().push_back(form);
          continue;
        }
        add({.method = Method::post,
             .path = path,
             .operation = "act_" + action.id,
             .summary = action.title + "（" + type.title + "）",
             .tag = pack->id,
             .access = Access::caller_or_staff,
             .place = Place::worker,
             .handle = bind(act),
             .body = std::move(form),
             .result = acted_schema(),
             .needs_match = true,
             .takes_key = true,
             .refusals = {400, 403, 404, 409, 412, 415, 422, 428, 503, 507}});
      }
    }
  }
}

}  // namespace tongban::http
