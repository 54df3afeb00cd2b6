// The routes around people and the system: sign-in, accounts, packs, registers, due dates, health, metrics.
#include <map>
#include <set>

#include "base/text.h"
#include "http/api/case_json.h"
#include "http/api/form_json.h"
#include "http/api/impl.h"

namespace tongban::http {
namespace {

using facility::Session;

json::object object_of(std::initializer_list<std::pair<json::string_view, json::string_view>> strings,
                       std::initializer_list<json::string_view> required) {
  json::object members;
  for (const auto& [name, type] : strings) members[name] = json::object{{"type", json::string(type)}};
  json::array names;
  for (const auto name : required) names.push_back(json::string(name));
  return json::object{{"type", "object"},
                      {"additionalProperties", false},
                      {"properties", std::move(members)},
                      {"required", std::move(names)}};
}

json::object session_json(const Api::Impl& api, const Session& session, Instant now) {
  json::object body{{"account", session.account},
                    {"administrator", session.administrator},
                    {"expires_at", to_text(session.expires_at)}};
  if (!session.csrf.empty()) body["csrf"] = session.csrf;
  body["kind"] = session.is_phone()                      ? "phone"
                 : session.kind == Session::Kind::caller ? "caller"
                 : session.kind == Session::Kind::token  ? "token"
                                                         : "staff";
  if (!session.case_id.is_nil()) body["case"] = to_text(session.case_id);
  if (session.person.empty()) return body;
  const auto registers = api.parts.engine->registers();
  const Date day = local_date(now);
  body["person"] = json::object{{"id", session.person}, {"name", registers->name_of("people", session.person, day)}};
  json::array posts;
  for (const auto& post : registers->posts_of(session.person, day)) {
    posts.push_back(json::object{{"position", post.position},
                                 {"unit", post.unit},
                                 {"unit_name", registers->name_of("units", post.unit, day)},
                                 {"as_deputy", post.as_deputy}});
  }
  body["posts"] = std::move(posts);
  return body;
}

}  // namespace

static void sign_in(Api::Impl& api, const CallPtr& call) {
  if (!api.options.lift_rate_limits) {
    const auto rate = api.sign_ins.take(call->request.remote_address, call->now.ms);
    if (!rate.allowed) return call->refuse(429, "too_many_requests", "请求太频繁", "登录太频繁，请稍后再试。");
  }
  const auto body = api.body_of(*call);
  if (!body) return;
  auto result = api.parts.accounts->sign_in(text_at(*body, "name"), text_at(*body, "password"), call->now);
  if (const auto* fault = std::get_if<facility::SignInFault>(&result)) {
    if (fault->retry_after_seconds > 0) {
      Response response =
          json_response(429, problem_object(429, "locked", "账号暂时锁定", fault->sentence, call->request.id));
      response.content_type = "application/problem+json";
      response.with("Retry-After", std::to_string(fault->retry_after_seconds));
      return call->answer(std::move(response));
    }
    return call->refuse(401, "wrong_credentials", "登录失败", fault->sentence);
  }
  const auto& made = std::get<facility::NewSession>(result);
  json::object answer = session_json(api, made.session, call->now);
  answer["token"] = made.secret;
  Response response = json_response(201, answer);
  response.with("Set-Cookie", "tongban_session=" + made.secret + "; Path=/; HttpOnly; SameSite=Strict; Max-Age=" +
                                  std::to_string(facility::Accounts::kSessionMs / 1000) +
                                  (api.options.secure_cookies || call->request.over_tls ? "; Secure" : ""));
  call->answer(std::move(response));
}

static void sign_out(Api::Impl& api, const CallPtr& call) {
  if (const auto done = api.parts.accounts->sign_out(call->secret); !done.ok()) return call->refuse(done.error());
  Response response;
  response.status = 204;
  response.with("Set-Cookie", "tongban_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
  call->answer(std::move(response));
}

static void use_link(Api::Impl& api, const CallPtr& call) {
  if (!api.options.lift_rate_limits && !api.sign_ins.take(call->request.remote_address, call->now.ms).allowed) {
    return call->refuse(429, "too_many_requests", "请求太频繁", "请稍后再试。");
  }
  const auto body = api.body_of(*call);
  if (!body) return;
  const auto done = api.parts.accounts->use_link(text_at(*body, "link"), text_at(*body, "password"), call->now);
  if (!done.ok() && done.error().trouble == Trouble::invalid_input)
    return call->refuse(422, "invalid_form", "密码需要修改", done.error().message);
  if (!done.ok()) return call->refuse(done.error());
  Response response;
  response.status = 204;
  call->answer(std::move(response));
}

static void list_accounts(Api::Impl& api, const CallPtr& call) {
  json::array items;
  const auto registers = api.parts.engine->registers();
  for (const auto& account : api.parts.accounts->list()) {
    items.push_back(json::object{
        {"name", account.name},
        {"person", account.person},
        {"person_name",
         account.person.empty() ? "" : registers->name_of("people", account.person, local_date(call->now))},
        {"administrator", account.administrator}});
  }
  call->answer_json(200, json::object{{"items", std::move(items)}});
}

static void make_account(Api::Impl& api, const CallPtr& call) {
  const auto body = api.body_of(*call);
  if (!body) return;
  facility::Account account{.name = std::string(text_at(*body, "name")),
                            .person = std::string(text_at(*body, "person"))};
  if (const json::value* administrator = find_member(*body, "administrator"))
    account.administrator = administrator->is_bool() && administrator->get_bool();
  if (!account.person.empty() && !api.parts.engine->registers()->find("people", account.person)) {
    return call->refuse(422, "invalid_form", "没有这个人",
                        "人员名录中没有 " + account.person + "。请先登记人员，再开账号。");
  }
  const auto link = api.parts.accounts->make_link(std::move(account), call->now);
  if (!link.ok()) return call->refuse(link.error());
  call->answer_json(201, json::object{{"link", *link}, {"valid_hours", facility::Accounts::kLinkMs / 3'600'000}});
}

static void make_token(Api::Impl& api, const CallPtr& call) {
  const auto body = api.body_of(*call);
  if (!body) return;
  const json::value* days = find_member(*body, "days");
  const auto token =
      api.parts.accounts->make_token(std::string(text_at(*body, "account")), std::string(text_at(*body, "label")),
                                     days && days->is_int64() ? days->get_int64() : 90, call->now);
  if (!token.ok()) return call->refuse(token.error());
  call->answer_json(201, json::object{{"token", *token}});
}

static void remove_account(Api::Impl& api, const CallPtr& call) {
  if (const auto done = api.parts.accounts->remove(call->parameter("name")); !done.ok())
    return call->refuse(done.error());
  Response response;
  response.status = 204;
  call->answer(std::move(response));
}

static void list_packs(Api::Impl& api, const CallPtr& call) {
  json::array items;
  for (const auto& pack : api.parts.engine->packs().packs) {
    json::array types;
    for (const auto& type : pack->cases)
      types.push_back(json::object{{"id", type.id},
                                   {"title", type.title},
                                   {"title_en", type.title_en},
                                   {"help", type.help},
                                   {"help_en", type.help_en},
                                   {"public", type.public_opening == "yes"}});
    items.push_back(json::object{{"id", pack->id},
                                 {"title", pack->title},
                                 {"title_en", pack->title_en},
                                 {"document", pack->document},
                                 {"issuer", pack->issuer},
                                 {"edition", pack->edition},
                                 {"types", std::move(types)}});
  }
  call->answer_json(200, json::object{{"items", std::move(items)}});
}

static void show_type(Api::Impl& api, const CallPtr& call) {
  const auto pack = api.parts.engine->packs().find(call->parameter("pack"));
  const pack::CaseType* type = pack ? pack->find_case(call->parameter("type")) : nullptr;
  if (!type) return call->refuse(404, "not_found", "没有这种办件", "请查看 /api/v1/packs。");
  const bool is_staff = call->session && (!call->session->person.empty() || call->session->administrator);
  call->answer_json(200, type_json(*pack, *type, is_staff));
}

static void show_clause(Api::Impl& api, const CallPtr& call) {
  const auto pack = api.parts.engine->packs().find(call->parameter("pack"));
  const pack::Clause* clause = pack ? pack->find_clause(call->parameter("clause")) : nullptr;
  if (!clause) return call->refuse(404, "not_found", "没有这一条", "请核对条款编号。");
  call->answer_json(200, json::object{{"id", clause->id},
                                      {"document", pack->document},
                                      {"title", pack->title},
                                      {"gist", clause->gist},
                                      {"text", clause->text},
                                      {"left", clause->left}});
}

// All clauses of the document in its own order, each with the rules that rest on it: what the software makes of it, or
// the reason why it makes nothing of it.
static void list_clauses(Api::Impl& api, const CallPtr& call) {
  const auto pack = api.parts.engine->packs().find(call->parameter("pack"));
  if (!pack) return call->refuse(404, "not_found", "没有这个规则包", "请查看 /api/v1/packs。");
  std::map<std::string, json::array> rules;
  std::set<std::string> seen;
  const auto add = [&](const pack::Basis& basis, std::string_view kind, const std::string& title,
                       const std::string& title_en, const std::string& of) {
    if (basis.kind != pack::BasisKind::clause || !pack->find_clause(basis.clause)) return;
    if (!seen.insert(basis.clause + "\n" + std::string(kind) + "\n" + title + "\n" + of).second) return;
    rules[basis.clause].push_back(json::object{
        {"kind", json::string(kind.data(), kind.size())}, {"title", title}, {"title_en", title_en}, {"of", of}});
  };
  for (const pack::CaseType& type : pack->cases) {
    std::vector<const pack::Action*> actions{&type.open};
    for (const pack::Action& action : type.actions) actions.push_back(&action);
    for (const pack::Action* action : actions) {
      add(action->basis, "action", action->title, action->title_en, type.title);
      for (const pack::Outcome& outcome : action->outcomes) {
        if (outcome.basis != action->basis) add(outcome.basis, "action", action->title, action->title_en, type.title);
      }
    }
    for (const pack::ClockDef& clock : type.clocks) add(clock.basis, "clock", clock.title, clock.title_en, type.title);
    for (const pack::Field& field : type.fields) add(field.basis, "field", field.title, field.title_en, type.title);
    for (const pack::Reaction& reaction : type.reactions)
      add(reaction.basis, "reaction", type.title, type.title_en, "");
  }
  for (const pack::Decision& decision : pack->decisions) {
    for (size_t row = 0; row < decision.row_bases.size(); ++row)
      add(decision.row_bases[row], "table", decision.title, "", "第 " + std::to_string(row + 1) + " 行");
  }
  for (const pack::Condition& condition : pack->conditions)
    add(condition.basis, "condition", condition.sentence, "", "");
  for (const pack::Letter& letter : pack->letters) add(letter.basis, "letter", letter.title, "", "");
  for (const pack::Parameter& parameter : pack->parameters) add(parameter.basis, "parameter", parameter.title, "", "");
  json::array items;
  for (const pack::Clause& clause : pack->clauses)
    items.push_back(json::object{{"id", clause.id},
                                 {"gist", clause.gist},
                                 {"text", clause.text},
                                 {"left", clause.left},
                                 {"rules", std::move(rules[clause.id])}});
  call->answer_json(200, json::object{{"items", std::move(items)}});
}

static void put_entry(Api::Impl& api, const CallPtr& call) {
  const auto body = api.body_of(*call);
  if (!body) return;
  engine::Request::PutEntry put{.reg = call->parameter("register"), .entry = call->parameter("entry")};
  for (const auto& [name, out] : {std::pair{"valid_from", &put.valid_from}, std::pair{"valid_to", &put.valid_to}}) {
    const std::string_view text = text_at(*body, name);
    if (text.empty()) continue;
    const auto date = parse_date(text);
    if (!date.ok()) return call->refuse(422, "invalid_form", "日期不对", date.error().message);
    *out = *date;
  }
  const json::value* values = find_member(*body, "values");
  if (!values || !values->is_object())
    return call->refuse(422, "invalid_form", "缺少内容", "values 应是名录项目的各个字段。");
  put.values = feel::value_from_json(*values);
  put.basis = {.kind = pack::BasisKind::product, .document = {}, .clause = std::string(text_at(*body, "basis"))};
  engine::Request request;
  request.what = std::move(put);
  request.actor = call->actor();
  api.submit(call, std::move(request), 200, [](const engine::Accepted& accepted) {
    return json::object{{"version", accepted.version}};
  });
}

static void count_due(Api::Impl& api, const CallPtr& call) {
  const auto body = api.body_of(*call);
  if (!body) return;
  const std::string_view from = text_at(*body, "start");
  const auto unit = calendar::parse_unit(text_at(*body, "unit"));
  const json::value* n = find_member(*body, "n");
  auto start = parse_instant(from);
  if (!start.ok()) {
    if (const auto date = parse_date(from); date.ok()) start = start_of_day(*date);
  }
  if (!start.ok() || !unit || !n || !n->is_int64()) {
    return call->refuse(
        422, "invalid_form", "请填写",
        "请填写 start（日期或时间）、unit（minutes、hours、working_days、calendar_days、months）和 n（整数）。");
  }
  const calendar::Calendar* calendar = &api.parts.engine->calendar().latest();
  if (const std::string_view known = text_at(*body, "known_on"); !known.empty()) {
    const auto date = parse_date(known);
    if (!date.ok()) return call->refuse(422, "invalid_form", "日期不对", date.error().message);
    calendar = &api.parts.engine->calendar().known_on(*date);
  }
  const auto counted = calendar::count(*calendar, *start, *unit, n->get_int64());
  if (!counted.ok()) return call->refuse(422, "invalid_form", "无法计算", counted.error().message);
  json::object answer = calendar::to_json(*counted);
  answer["sentence"] = calendar::explain(*counted);
  call->answer_json(200, answer);
}

// What a reaction wanted and a rule refused: somebody has to look at it.
static void list_failed_reactions(Api::Impl& api, const CallPtr& call) {
  const auto records = api.parts.store->list_records("failed_reaction");
  if (!records.ok()) return call->refuse(records.error());
  json::array items;
  for (const auto& record : *records) {
    auto body = parse_json(record.body);
    json::object one{{"key", record.key}, {"case", record.key.substr(0, record.key.find('/'))}};
    one["refused"] = body.ok() ? std::move(*body) : json::value(nullptr);
    items.push_back(std::move(one));
    if (items.size() == 1000) break;
  }
  call->answer_json(200, json::object{{"items", std::move(items)}});
}

static void ready(Api::Impl& api, const CallPtr& call) {
  const auto status = api.parts.engine->status();
  const bool is_ready = status.writable && !status.rebuilding;
  json::object body{
      {"ready", is_ready}, {"position", status.position}, {"queued", status.queued}, {"search_lag", status.search_lag}};
  if (status.rebuilding) body["trouble"] = "列表正在从账本重建。";
  if (!status.writable) body["trouble"] = "写入失败，现在只能查看。请检查磁盘空间和权限。";
  if (is_ready) return call->answer_json(200, body);
  Response response = json_response(503, body);
  response.with("Retry-After", "10");
  call->answer(std::move(response));
}

static void metrics(Api::Impl& api, const CallPtr& call) {
  std::string out;
  const auto line = [&](std::string_view name, std::string_view type, std::string_view help, uint64_t value) {
    out += "# HELP tongban_" + std::string(name) + " " + std::string(help) + "\n# TYPE tongban_" + std::string(name) +
           " " + std::string(type) + "\ntongban_" + std::string(name) + " " + std::to_string(value) + "\n";
  };
  const auto status = api.parts.engine->status();
  const auto m = api.parts.engine->metrics();
  line("ledger_position", "gauge", "Position of the last event.", status.position);
  line("queue_length", "gauge", "Requests waiting for the writer.", status.queued);
  line("writable", "gauge", "1 while commits succeed.", status.writable ? 1 : 0);
  line("requests_accepted_total", "counter", "Requests whose events are on disk.", m.accepted);
  line("requests_rejected_total", "counter", "Requests that a rule refused.", m.rejected);
  line("requests_replayed_total", "counter", "Known idempotency keys.", m.replayed);
  line("requests_failed_total", "counter", "Requests that failed inside.", m.failed);
  line("timers_fired_total", "counter", "Clocks that expired.", m.timers);
  line("reactions_total", "counter", "Reactions carried out.", m.reactions);
  line("reactions_failed_total", "counter", "Reactions that were refused.", m.failed_reactions);
  line("commits_total", "counter", "Durable commits.", m.commits);
  line("transactions_total", "counter", "Commands committed.", m.transactions);
  line("commit_failures_total", "counter", "Commits that failed.", m.failed_commits);
  line("decide_microseconds_total", "counter", "Time spent deciding.", m.decide_us);
  line("commit_microseconds_total", "counter", "Time spent committing.", m.commit_us);
  line("event_streams", "gauge", "Open event streams.", api.streams.count());
  if (api.server_stats) {
    const ServerStats s = api.server_stats();
    line("http_connections", "gauge", "Open connections.", s.connections_open);
    line("http_requests_total", "counter", "Requests handled.", s.requests);
    line("http_refusals_total", "counter", "Requests refused before a handler.", s.refusals);
  }
  Response response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = std::move(out);
  call->answer(std::move(response));
}

void Api::Impl::add_admin_routes() {
  const json::object any{{"type", "object"}, {"additionalProperties", true}};
  add({.method = Method::get,
       .path = "/healthz",
       .operation = "health",
       .summary = "The process answers",
       .tag = "system",
       .place = Place::inline_,
       .handle =
           [](CallPtr call) {
             call->answer_json(200, json::object{{"alive", true}});
           },
       .result = schema_of("Health")});
  add({.method = Method::get,
       .path = "/readyz",
       .operation = "readiness",
       .summary = "Whether writes are accepted, told truly",
       .tag = "system",
       .place = Place::inline_,
       .handle = bind(ready),
       .result = schema_of("Readiness"),
       .refusals = {503}});
  add({.method = Method::get,
       .path = "/metrics",
       .operation = "metrics",
       .summary = "Figures for Prometheus; no personal data",
       .tag = "system",
       .place = Place::inline_,
       .handle = bind(metrics),
       .media_type = "text/plain"});
  add({.method = Method::get,
       .path = "/openapi.json",
       .operation = "describe",
       .summary = "This description",
       .tag = "system",
       .place = Place::inline_,
       .handle =
           [this](CallPtr call) {
             Response response;
             response.content_type = "application/json";
             response.body = openapi_text;
             call->answer(std::move(response));
           },
       .result = any});
  add({.method = Method::post,
       .path = "/api/v1/sessions",
       .operation = "signIn",
       .summary = "Signs a member of staff in; sets a cookie and returns a token",
       .tag = "people",
       .handle = bind(sign_in),
       .body = object_of({{"name", "string"}, {"password", "string"}}, {"name", "password"}),
       .result = schema_of("SignedIn"),
       .status = 201,
       .refusals = {400, 401, 415, 429}});
  add({.method = Method::get,
       .path = "/api/v1/sessions/current",
       .operation = "currentSession",
       .summary = "Who is signed in, with positions",
       .tag = "people",
       .access = Access::caller_or_staff,
       .handle = [this](CallPtr call) { call->answer_json(200, session_json(*this, *call->session, call->now)); },
       .result = schema_of("Session")});
  add({.method = Method::remove,
       .path = "/api/v1/sessions/current",
       .operation = "signOut",
       .summary = "Ends the session",
       .tag = "people",
       .access = Access::caller_or_staff,
       .handle = bind(sign_out),
       .status = 204});
  add({.method = Method::post,
       .path = "/api/v1/set-ups",
       .operation = "setPassword",
       .summary = "Sets a password through a one-time link",
       .tag = "people",
       .handle = bind(use_link),
       .body = object_of({{"link", "string"}, {"password", "string"}}, {"link", "password"}),
       .status = 204,
       .refusals = {400, 404, 415, 422, 429}});
  add({.method = Method::get,
       .path = "/api/v1/accounts",
       .operation = "listAccounts",
       .summary = "All accounts",
       .tag = "people",
       .access = Access::administrator,
       .handle = bind(list_accounts),
       .result = schema_of("Accounts")});
  json::object account = object_of({{"name", "string"}, {"person", "string"}, {"administrator", "boolean"}}, {"name"});
  add({.method = Method::post,
       .path = "/api/v1/accounts",
       .operation = "makeAccount",
       .summary = "Makes an account, or resets its password, by a one-time link",
       .tag = "people",
       .access = Access::administrator,
       .handle = bind(make_account),
       .body = account,
       .result = schema_of("SetUpLink"),
       .status = 201,
       .refusals = {400, 415, 422}});
  add({.method = Method::remove,
       .path = "/api/v1/accounts/{name}",
       .operation = "removeAccount",
       .summary = "Ends an account and its sessions",
       .tag = "people",
       .access = Access::administrator,
       .handle = bind(remove_account),
       .status = 204,
       .refusals = {404}});
  add({.method = Method::post,
       .path = "/api/v1/tokens",
       .operation = "makeToken",
       .summary = "A token for a program; shown once, stored as a hash",
       .tag = "people",
       .access = Access::administrator,
       .handle = bind(make_token),
       .body = object_of({{"account", "string"}, {"label", "string"}, {"days", "integer"}}, {"account", "label"}),
       .result = schema_of("Token"),
       .status = 201,
       .refusals = {400, 404, 415}});
  add({.method = Method::get,
       .path = "/api/v1/failed-reactions",
       .operation = "listFailedReactions",
       .summary = "Reactions that a rule refused and somebody must look at",
       .tag = "system",
       .access = Access::administrator,
       .handle = bind(list_failed_reactions),
       .result = schema_of("FailedReactions")});
  add({.method = Method::get,
       .path = "/api/v1/packs",
       .operation = "listPacks",
       .summary = "The documents that run here",
       .tag = "packs",
       .handle = bind(list_packs),
       .result = schema_of("Packs")});
  add({.method = Method::get,
       .path = "/api/v1/packs/{pack}/types/{type}",
       .operation = "getType",
       .summary = "A case type: forms, states, actions",
       .tag = "packs",
       .handle = bind(show_type),
       .result = schema_of("CaseType"),
       .refusals = {404}});
  add({.method = Method::get,
       .path = "/api/v1/packs/{pack}/clauses/{clause}",
       .operation = "getClause",
       .summary = "The gist and text of a clause",
       .tag = "packs",
       .handle = bind(show_clause),
       .result = schema_of("Clause"),
       .refusals = {404}});
  add({.method = Method::get,
       .path = "/api/v1/packs/{pack}/clauses",
       .operation = "listClauses",
       .summary = "All clauses of the document with the rules that rest on each, or why there is none",
       .tag = "packs",
       .handle = bind(list_clauses),
       .result = schema_of("Clauses"),
       .refusals = {404}});
  json::object entry = object_of({{"valid_from", "string"}, {"valid_to", "string"}, {"basis", "string"}}, {"values"});
  entry["properties"].as_object()["values"] = any;
  add({.method = Method::put,
       .path = "/api/v1/registers/{register}/{entry}",
       .operation = "putEntry",
       .summary = "Puts a dated revision of an entry",
       .tag = "registers",
       .access = Access::administrator,
       .handle = bind(put_entry),
       .body = entry,
       .result = schema_of("Version"),
       .takes_key = true,
       .refusals = {400, 404, 415, 422, 503, 507}});
  json::object due = object_of({{"start", "string"}, {"unit", "string"}, {"n", "integer"}, {"known_on", "string"}},
                               {"start", "unit", "n"});
  add({.method = Method::post,
       .path = "/api/v1/due-dates",
       .operation = "countDue",
       .summary = "When a period ends, and why",
       .tag = "packs",
       .handle = bind(count_due),
       .body = due,
       .result = schema_of("DueDate"),
       .refusals = {400, 415, 422}});
}

}  // namespace tongban::http
