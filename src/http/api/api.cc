#include "http/api/api.h"

#include <algorithm>
#include <future>

#include "base/text.h"
#include "http/api/impl.h"

namespace tongban::http {
namespace {

constexpr std::string_view kCookie = "tongban_session";
constexpr std::string_view kPhoneCookie = "tongban_phone";
constexpr size_t kMaxKeyBytes = 128;

// The stored answer of a known key is sealed: that of an opening holds the tracking code, which stands nowhere in
// clear.
Key answer_key(const store::KeyStore& keys) { return hmac_sha256(keys.search_key(), "stored answers"); }
constexpr std::string_view kAnswer = "stored answer";

// {name} of a template, or empty for a fixed part.
std::string_view parameter_name(std::string_view part) {
  return part.size() > 2 && part.front() == '{' && part.back() == '}' ? part.substr(1, part.size() - 2)
                                                                      : std::string_view();
}

}  // namespace

Api::Impl::Impl(ApiParts p, ApiOptions o)
    : parts(p), options(std::move(o)), handles(p.keys->search_key()), board(*p.engine, *p.store) {
  add_admin_routes();
  add_pack_routes();
  add_list_routes();
  add_case_routes();
  add_desk_routes();
  add_document_routes();
  add_portal_routes();
  openapi_text = to_json_text(describe());
  parts.engine->subscribe([this](const engine::Change& change) { streams.publish(change); });
}

Api::Api(ApiParts parts, ApiOptions options) : impl_(std::make_unique<Impl>(parts, std::move(options))) {}
Api::~Api() = default;
Handler Api::handler() {
  return [impl = impl_.get()](Request&& request, Responder responder) {
    impl->handle(std::move(request), std::move(responder));
  };
}
BodyPolicy Api::body_policy() {
  return [impl = impl_.get()](const Request& head) { return impl->plan_body(head); };
}
json::object Api::openapi() const { return impl_->describe(); }
void Api::close_streams() { impl_->streams.close_all(); }
void Api::stop_work() {
  impl_->pictures.stop();
  impl_->board.stop();
}
void Api::warm_up() {
  const auto registers = impl_->parts.engine->registers();
  std::vector<std::string> holders;  // the units first: their lists are long
  for (const std::string_view kind : {"unit:", "position:"}) {
    for (const auto& account : impl_->parts.accounts->list()) {
      if (account.person.empty()) continue;
      for (const auto& holder : holders_of(*registers, account.person, local_date(impl_->parts.engine->now()))) {
        if (holder.starts_with(kind) && std::find(holders.begin(), holders.end(), holder) == holders.end())
          holders.push_back(holder);
      }
    }
  }
  impl_->board.warm(std::move(holders));
}
void Api::set_server_stats(std::function<ServerStats()> stats) { impl_->server_stats = std::move(stats); }

void Api::Impl::add(Route route) {
  for (const auto part : split(std::string_view(route.path).substr(1), '/')) route.parts.emplace_back(part);
  routes.push_back(std::move(route));
}

const Route* Api::Impl::find_route(const Request& request,
                                   std::vector<std::pair<std::string_view, std::string>>& parameters,
                                   bool& other_method) const {
  const Method method = request.method == Method::head ? Method::get : request.method;
  const Route* best = nullptr;
  size_t best_parameters = 0;
  for (const Route& route : routes) {
    if (route.parts.size() != request.segments.size()) continue;
    size_t count = 0;
    bool fits = true;
    for (size_t i = 0; i < route.parts.size() && fits; ++i) {
      if (!parameter_name(route.parts[i]).empty())
        ++count;
      else
        fits = route.parts[i] == request.segments[i];
    }
    if (!fits) continue;
    if (route.method != method) {
      other_method = true;
      continue;
    }
    if (!best || count < best_parameters) best = &route, best_parameters = count;  // a fixed part wins
  }
  if (!best) return nullptr;
  for (size_t i = 0; i < best->parts.size(); ++i) {
    if (const auto name = parameter_name(best->parts[i]); !name.empty())
      parameters.emplace_back(name, request.segments[i]);
  }
  // The page of one action of one type is the row of the table that describes it; {action} is its fixed last part.
  if (best->path.find("/actions/") != std::string::npos) parameters.emplace_back("action", request.segments.back());
  return best;
}

void Api::Impl::handle(Request&& request, Responder responder) {
  auto call = std::make_shared<Call>(
      Call{.request = std::move(request), .responder = std::move(responder), .now = parts.engine->now()});
  bool other_method = false;
  call->route = find_route(call->request, call->parameters, other_method);
  if (!call->route) {
    if (other_method)
      call->refuse(405, "method_not_allowed", "不支持这种请求方法",
                   "这个地址不支持 " + std::string(to_text(call->request.method)) + "。请查看 /openapi.json。");
    else
      call->refuse(404, "not_found", "没有这个地址", "没有找到您要的内容。请查看 /openapi.json，或核对地址。");
    return;
  }
  if (!admit(*call) || !knows_query(*call)) return;
  // A list that lacks most of its cases would be believed.
  if (call->request.method == Method::get && call->route->path.starts_with("/api/v1/cases") &&
      parts.engine->status().rebuilding) {
    call->refuse(503, "rebuilding", "列表正在重建", "列表正在从账本重建，这时会缺少办件。请过一会儿再看。");
    return;
  }
  if (call->route->place == Place::inline_) {
    call->route->handle(call);
    return;
  }
  if (!parts.workers->try_post([call] { call->route->handle(call); })) call->answer(busy_response());
}

std::string Api::Impl::secret_of(const Request& request, bool& by_cookie) {
  by_cookie = false;
  if (const auto header = request.find_header("Authorization"); header && header->starts_with("Bearer "))
    return std::string(trim(header->substr(7)));
  by_cookie = true;
  // Somebody may be signed in at the desk and at the portal of one browser: the portal says whose page it is.
  const bool as_phone = request.find_header("X-Session").value_or("") == "phone";
  if (const auto cookie = as_phone ? std::nullopt : request.find_cookie(kCookie)) return std::string(*cookie);
  return std::string(request.find_cookie(kPhoneCookie).value_or(""));
}

bool Api::Impl::covers(const facility::Session& session, const Id& case_id) const {
  if (session.kind != facility::Session::Kind::caller) return true;
  if (!session.is_phone()) return session.case_id == case_id;
  const auto rows = parts.store->find_person(session.phone);
  return rows.ok() && std::any_of(rows->begin(), rows->end(), [&](const auto& row) { return row.case_id == case_id; });
}

bool Api::Impl::is_confirmed(const Request& request, const facility::Session& session) {
  const auto csrf = request.find_header("X-CSRF-Token");
  return csrf && !csrf->empty() && equal_in_constant_time(*csrf, session.csrf);
}

bool Api::Impl::admit(Call& call) {
  bool by_cookie = false;
  call.secret = secret_of(call.request, by_cookie);
  if (!call.secret.empty()) call.session = parts.accounts->find_session(call.secret, call.now);
  const bool changes = call.request.method != Method::get && call.request.method != Method::head &&
                       call.request.method != Method::options;
  if (call.session && by_cookie && changes) {
    if (!is_confirmed(call.request, *call.session)) {
      call.refuse(403, "csrf", "请刷新页面", "这次提交缺少页面的校验码。请刷新页面后重新提交。");
      return false;
    }
  }
  const bool is_staff = call.session && call.session->kind != facility::Session::Kind::caller;
  switch (call.route->access) {
    case Access::anyone:
      break;
    case Access::caller_or_staff:
      if (!call.session) return call.refuse(401, "sign_in", "请先登录", "请先登录，或用编号和查询码查询。"), false;
      break;
    case Access::staff:
      if (!call.session)
        return call.refuse(401, "sign_in", "请先登录", "请先登录，再继续。您填写的内容会保留。"), false;
      if (!is_staff) return call.refuse(404, "not_found", "没有这个地址", "没有找到您要的内容。"), false;
      break;
    case Access::administrator:
      if (!call.session) return call.refuse(401, "sign_in", "请先登录", "请先登录，再继续。"), false;
      if (!call.session->administrator)
        return call.refuse(403, "administrator_only", "只有管理员可以", "这项操作由管理员办理。请联系管理员。"), false;
      break;
  }
  if (options.lift_rate_limits) return true;
  const RateDecision rate = call.session ? accounts.take(call.actor_key(), call.now.ms)
                                         : strangers.take(call.request.remote_address, call.now.ms);
  const bool is_probe = call.route->path == "/healthz" || call.route->path == "/readyz";
  if (rate.allowed || is_probe) return true;
  Response response = json_response(
      429, problem_object(429, "too_many_requests", "请求太频繁", "请求太频繁，请稍后再试。", call.request.id));
  response.content_type = "application/problem+json";
  response.with("Retry-After", std::to_string((rate.retry_after_ms + 999) / 1000));
  call.answer(std::move(response));
  return false;
}

bool Api::Impl::knows_query(Call& call) {
  // A filter that is passed over would give a list that nobody asked for. (What probes and collectors of metrics hang
  // on their addresses is theirs.)
  if (call.request.query.empty() || !call.route->path.starts_with("/api/")) return true;
  std::vector<std::string> known, seen;
  for (const auto& query : call.route->query) known.emplace_back(query.name);
  for (const auto& [name, value] : call.request.query) {
    std::string sentence;
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      const std::string shown = count_characters(name) > 40 ? std::string("（太长）") : name;
      const std::string near = nearest_word(name, known);
      sentence = "没有查询条件 " + shown + "。" + (near.empty() ? "" : "是不是 " + near + "？") +
                 (known.empty() ? "这个地址不带查询条件。" : "可用：" + join(known, "、") + "。");
    } else if (std::find(seen.begin(), seen.end(), name) != seen.end()) {
      sentence = "查询条件 " + name + " 只能写一次。";
    }
    seen.push_back(name);
    if (sentence.empty()) continue;
    json::object problem = problem_object(400, "bad_query", "查询条件不对", sentence, call.request.id);
    problem["fields"] = json::array{json::object{{"field", name}, {"sentence", sentence}}};
    Response response = json_response(400, problem);
    response.content_type = "application/problem+json";
    call.answer(std::move(response));
    return false;
  }
  return true;
}

std::optional<json::object> Api::Impl::body_of(Call& call) {
  const auto type = call.request.find_header("Content-Type");
  if (!type || !type->starts_with("application/json")) {
    call.refuse(415, "unsupported_media_type", "请求格式不对", "请用 application/json 提交。");
    return std::nullopt;
  }
  if (!is_valid_utf8(call.request.body)) {
    call.refuse(400, "bad_encoding", "文字编码有误", "请用 UTF-8 编码提交。");
    return std::nullopt;
  }
  auto value = parse_json(call.request.body);
  if (!value.ok()) {
    call.refuse(400, "bad_json", "请求内容不是有效的 JSON", value.error().message);
    return std::nullopt;
  }
  if (!value->is_object()) {
    call.refuse(400, "bad_json", "请求内容不对", "请求内容应是一个 JSON 对象。");
    return std::nullopt;
  }
  return std::move(value->get_object());
}

std::optional<std::string> Api::Impl::purpose_of(Call& call) {
  const auto header = call.request.find_header("X-Purpose");
  std::string purpose = header ? percent_decoded(trim(*header)) : std::string();
  if (count_characters(purpose) <= 100 && is_valid_utf8(purpose)) return purpose;
  call.refuse(400, "bad_purpose", "查阅目的不对", "查阅目的最多 100 个字。");
  return std::nullopt;
}

Result<void> Api::Impl::record_reading(const Call& call, const Id& case_id, const std::string& purpose,
                                       const std::string& what) {
  store::AuditRow row{.case_id = case_id,
                      .at = call.now,
                      .actor = call.actor_key(),
                      .unit = call.actor().unit,
                      .purpose = purpose,
                      .what = what};
  return keep({}, {}, {row});
}

bool Api::Impl::may_see(const kernel::Actor& actor, const kernel::CaseState& state, const kernel::Registers& registers,
                        Instant now) const {
  const pack::Pack* pack = parts.engine->pack_of(state);
  const pack::CaseType* type = pack ? pack->find_case(state.type) : nullptr;
  if (!type) return false;
  return kernel::may_see(kernel::roles_of(actor, &state, *type, registers, local_date(now)), state, *type);
}

std::shared_ptr<const kernel::CaseState> Api::Impl::visible_case(Call& call, const kernel::Registers& registers) {
  const std::string& name = call.parameter("id");
  std::optional<Id> id = parse_id(name);
  if (!id && !name.empty() && name.size() <= 64) {
    const auto row = parts.store->find_case_by_number(name);
    if (!row.ok()) return call.refuse(row.error()), nullptr;
    if (*row) id = (*row)->case_id;
  }
  std::shared_ptr<const kernel::CaseState> state;
  if (id && (!call.session || covers(*call.session, *id))) state = parts.engine->load(*id);
  if (state && may_see(call.actor(), *state, registers, call.now)) return state;
  call.refuse(404, "not_found", "没有找到",
              "没有找到这个办件，或者您无权查看。请核对编号；如属工作需要，请联系承办单位。");
  return nullptr;
}

std::shared_ptr<const kernel::CaseState> Api::Impl::other_case(const Call& call, const pack::Action& action,
                                                               const json::object& form,
                                                               const kernel::Registers& registers) const {
  const std::string text(action.other.field.empty() ? std::string_view() : trim(text_at(form, action.other.field)));
  std::optional<Id> id = parse_id(text);
  if (!id && !text.empty() && text.size() <= 64) {
    if (const auto row = parts.store->find_case_by_number(text); row.ok() && *row) id = (*row)->case_id;
  }
  auto state = id && (!call.session || covers(*call.session, *id)) ? parts.engine->load(*id) : nullptr;
  return state && may_see(call.actor(), *state, registers, call.now) ? state : nullptr;
}

std::optional<Id> Api::Impl::joined_case(Call& call, json::object& body) {
  if (!body.contains("join")) return std::nullopt;
  const std::string handle(text_at(body, "join"));
  body.erase("join");
  if (const auto id = handles.find(handle, call.now)) return id;
  kernel::Rejection old;
  old.code = kernel::RejectionCode::invalid_form;
  old.basis.kind = pack::BasisKind::product;
  old.sentence = "要跟进的诉求已经找不到了。";
  old.instead = "请重新查看相似的诉求，或者直接提交。";
  old.fields.push_back({"join", "时间太久，请重新查看相似的诉求，或者直接提交。"});
  call.refuse(old);
  return Id{};
}

std::optional<uint64_t> Api::Impl::matched_version(Call& call) {
  const auto header = call.request.find_header("If-Match");
  if (!header) {
    call.refuse(428, "if_match_required", "缺少版本号",
                "请在 If-Match 中给出您看到的版本（读取办件时的 ETag），以免覆盖他人的更新。");
    return std::nullopt;
  }
  std::string_view text = trim(*header);
  uint64_t version = 0;
  bool ok = text.size() > 3 && text.starts_with("\"v") && text.ends_with("\"") && text.size() < 24;
  for (size_t i = 2; ok && i + 1 < text.size(); ++i) {
    ok = text[i] >= '0' && text[i] <= '9';
    version = version * 10 + static_cast<uint64_t>(text[i] - '0');
  }
  if (ok) return version;
  call.refuse(400, "bad_if_match", "版本号格式不对", "If-Match 应是读取办件时的 ETag，例如 \"v12\"。");
  return std::nullopt;
}

void Api::Impl::submit(CallPtr call, engine::Request request, int status,
                       std::function<json::object(const engine::Accepted&)> render) {
  if (const auto key = call->request.find_header("Idempotency-Key")) {
    if (key->empty() || key->size() > kMaxKeyBytes) {
      return call->refuse(400, "bad_idempotency_key", "Idempotency-Key 不对", "Idempotency-Key 应为 1 到 128 个字节。");
    }
    const std::string of = call->actor_key() + "\n" + call->request.path;
    request.idempotency = engine::Request::Idempotency{of, std::string(*key), sha256(call->request.body)};
  }
  // The answer is made once: for the row of the key, and for the caller.
  const auto rendered = std::make_shared<std::string>();
  const auto answer = [call, render, rendered, status, keys = parts.keys,
                       prefix = options.path_prefix](engine::Reply&& reply) {
    if (auto* accepted = std::get_if<engine::Accepted>(&reply.result)) {
      Response response;
      response.status = status;
      response.content_type = "application/json";
      response.body = rendered->empty() ? to_json_text(render(*accepted)) : std::move(*rendered);
      response.with("ETag", "\"v" + std::to_string(accepted->version) + "\"");
      if (status == 201) response.with("Location", prefix + "/api/v1/cases/" + to_text(accepted->case_id));
      call->answer(std::move(response));
    } else if (auto* replayed = std::get_if<engine::Replayed>(&reply.result)) {
      auto body = unseal(answer_key(*keys), replayed->response, kAnswer);  // as earlier programs stored it
      Response response;
      response.status = replayed->status;
      response.content_type = "application/json";
      response.body = body ? std::move(*body) : std::move(replayed->response);
      response.with("Idempotency-Replayed", "true");
      call->answer(std::move(response));
    } else if (auto* rejection = std::get_if<kernel::Rejection>(&reply.result)) {
      call->refuse(*rejection);
    } else if (auto* error = std::get_if<Error>(&reply.result)) {
      call->refuse(*error);
    } else {
      call->refuse(422, "idempotency_key_reused", "Idempotency-Key 已用过",
                   "同一个 Idempotency-Key 已用于另一份内容。请换一个新的。");
    }
  };
  engine::Render stored;
  if (request.idempotency) {
    stored = [render, rendered, status](const engine::Accepted& accepted) {
      *rendered = to_json_text(render(accepted));
      return std::pair<int32_t, std::string>(status, *rendered);
    };
  }
  parts.engine->submit(std::move(request), std::move(stored), answer);
}

Result<void> Api::Impl::keep(std::vector<store::Record> put, std::vector<std::pair<std::string, std::string>> removed,
                             std::vector<store::AuditRow> audit) {
  engine::Request request;
  request.what = engine::Request::Keep{std::move(removed)};
  request.records = std::move(put);
  request.audit = std::move(audit);
  const WorkerPool::Waiting waiting(*parts.workers);
  engine::Reply reply = parts.engine->ask(std::move(request));
  if (auto* error = std::get_if<Error>(&reply.result)) return *error;
  return {};
}

}  // namespace tongban::http
