// The routes of the public pages: what this site is, signing in with a telephone, the cases of a telephone, and the
// messages that the demo city "sent".
#include <algorithm>

#include "base/text.h"
#include "engine/sealing.h"
#include "http/api/case_json.h"
#include "http/api/impl.h"

namespace tongban::http {
namespace {

using facility::PhoneCodes;
using facility::Session;

constexpr size_t kLeastDigits = 7, kMostDigits = 15;
constexpr size_t kMostCases = 200;

// A body of required texts.
json::object texts_schema(std::initializer_list<json::string_view> names) {
  json::object members;
  json::array required;
  for (const auto name : names) {
    members[name] = json::object{{"type", "string"}};
    required.push_back(json::string(name));
  }
  return json::object{{"type", "object"},
                      {"additionalProperties", false},
                      {"properties", std::move(members)},
                      {"required", std::move(required)}};
}

const pack::Pack* head_pack(const pack::Library& packs) {
  for (const auto& pack : packs.packs) {
    if (!pack->portal.name.empty()) return pack.get();
  }
  return nullptr;
}

void refuse_later(Call& call, std::string_view code, std::string_view title, std::string_view detail, int64_t ms) {
  Response response = json_response(429, problem_object(429, code, title, detail, call.request.id));
  response.content_type = "application/problem+json";
  response.with("Retry-After", std::to_string(std::max<int64_t>(1, (ms + 999) / 1000)));
  call.answer(std::move(response));
}

// The number of the body's `phone` as digits; answers when it is none.
std::optional<std::string> phone_of(Call& call, const json::object& body) {
  std::string digits = engine::phone_digits(text_at(body, "phone"));
  const bool plus = digits.starts_with('+');
  const size_t count = digits.size() - (plus ? 1 : 0);
  if (text_at(body, "phone").size() <= 40 && count >= kLeastDigits && count <= kMostDigits) return digits;
  call.refuse(422, "invalid_form", "电话号码需要修改", "请填写能收短信的电话号码，例如 13800000000。");
  return std::nullopt;
}

// Those that are valid today.
json::array popular_json(Api::Impl& api, const pack::Pack& pack, Date today) {
  json::array list;
  const auto registers = api.parts.engine->registers();
  for (const auto& one : pack.portal.popular) {
    const kernel::Entry* entry = registers->find(one.reg, one.entry);
    const kernel::Revision* revision = entry ? entry->as_of(today) : nullptr;
    if (!revision) continue;
    json::object item{
        {"register", one.reg}, {"entry", one.entry}, {"title", registers->name_of(one.reg, one.entry, today)}};
    // Who says so and since when: the first entry and the first date of the register's fields.
    const pack::RegisterType* reg = pack.find_register(one.reg);
    for (const pack::Field& field : reg ? reg->fields : std::vector<pack::Field>{}) {
      const feel::Value value = revision->values.get(field.id);
      if (value.is_null() || field.list) continue;
      if (field.kind == pack::FieldKind::entry && !item.contains("source"))
        item["source"] = registers->name_of(field.reg, value.to_plain_text(), today);
      if (field.kind == pack::FieldKind::date && !item.contains("date")) item["date"] = value.to_plain_text();
    }
    list.push_back(std::move(item));
  }
  return list;
}

}  // namespace

static void show_site(Api::Impl& api, const CallPtr& call) {
  const pack::Library& packs = api.parts.engine->packs();
  const pack::Pack* head = head_pack(packs);
  const pack::Portal portal = head ? head->portal : pack::Portal{};
  json::array emergency, entries;
  for (const auto& number : portal.emergency)
    emergency.push_back(
        json::object{{"number", number.number}, {"title", number.title}, {"title_en", number.title_en}});
  for (const auto& pack : packs.packs) {
    for (const auto& entry : pack->portal.entries)
      entries.push_back(json::object{{"pack", pack->id},
                                     {"type", entry.type},
                                     {"title", entry.title},
                                     {"title_en", entry.title_en},
                                     {"help", entry.help},
                                     {"help_en", entry.help_en}});
  }
  json::object body{{"name", portal.name},
                    {"name_en", portal.name_en},
                    {"short", portal.short_name.empty() ? portal.name : portal.short_name},
                    {"short_en", portal.short_name_en.empty() ? portal.name_en : portal.short_name_en},
                    {"phone", portal.phone},
                    {"organiser", portal.organiser},
                    {"organiser_en", portal.organiser_en},
                    {"demo", api.options.demo},
                    {"emergency", std::move(emergency)},
                    {"entries", std::move(entries)},
                    {"popular", head ? popular_json(api, *head, local_date(call->now)) : json::array{}}};
  if (const pack::RegisterType* reg = head && !portal.search.empty() ? head->find_register(portal.search) : nullptr)
    body["search"] = json::object{{"register", reg->id}, {"title", reg->title}, {"title_en", reg->title_en}};
  if (head && !head->document.empty()) {
    json::object document{{"pack", head->id}, {"text", head->document}};
    if (!portal.clause.empty()) document["clause"] = portal.clause;
    body["document"] = std::move(document);
  }
  call->answer_json(200, body);
}

// The answer is the same whether the number has cases or not, and so is the time: a message goes out in both.
static void make_code(Api::Impl& api, const CallPtr& call) {
  if (!api.parts.sender)
    return call->refuse(503, "no_messages", "不能发短信", "这里还不能发短信。请用编号和查询码查询，或者打电话。");
  if (!api.options.lift_rate_limits) {
    const auto rate = api.sign_ins.take(call->request.remote_address, call->now.ms);
    if (!rate.allowed)
      return refuse_later(*call, "too_many_requests", "请求太频繁", "请求太频繁，请稍后再试。", rate.retry_after_ms);
  }
  const auto body = api.body_of(*call);
  if (!body) return;
  const auto phone = phone_of(*call, *body);
  if (!phone) return;
  const auto made = api.phone_codes.issue(api.parts.engine->phone_hash(*phone), call->now);
  if (const auto* refused = std::get_if<PhoneCodes::Refused>(&made)) {
    const int64_t seconds = (refused->retry_after_ms + 999) / 1000;
    const std::string wait =
        seconds <= 60 ? std::to_string(seconds) + " 秒" : std::to_string((seconds + 59) / 60) + " 分钟";
    return refuse_later(*call, "code_sent", "验证码已发出",
                        "验证码已经发出，请查看短信；如没有收到，请 " + wait + "后再试。", refused->retry_after_ms);
  }
  const auto& issued = std::get<PhoneCodes::Issued>(made);
  const pack::Pack* head = head_pack(api.parts.engine->packs());
  const std::string text = (head ? "【" + head->portal.name + "】" : std::string()) + "验证码 " + issued.code + "，" +
                           std::to_string(PhoneCodes::kValidMs / 60'000) + " 分钟内有效。不是您本人操作，请不要理会。";
  if (const auto sent = api.parts.sender->send(*phone, text, call->now); !sent.ok())
    return call->refuse(503, "no_messages", "不能发短信", "短信现在发不出去。请稍后再试，或者用编号和查询码查询。");
  call->answer_json(202,
                    json::object{{"expires_at", to_text(issued.expires_at)}, {"resend_at", to_text(issued.resend_at)}});
}

static void start_session(Api::Impl& api, const CallPtr& call) {
  if (!api.options.lift_rate_limits) {
    const auto rate = api.sign_ins.take(call->request.remote_address, call->now.ms);
    if (!rate.allowed)
      return refuse_later(*call, "too_many_requests", "请求太频繁", "请求太频繁，请稍后再试。", rate.retry_after_ms);
  }
  const auto body = api.body_of(*call);
  if (!body) return;
  const auto phone = phone_of(*call, *body);
  if (!phone) return;
  const Hash hash = api.parts.engine->phone_hash(*phone);
  if (!api.phone_codes.redeem(hash, trim(text_at(*body, "code")), call->now))
    return call->refuse(401, "wrong_code", "验证码不对", "验证码不对或者已过期。请核对后再试，或重新获取。");
  const auto made = api.parts.accounts->start_phone_session(hash, call->now);
  if (!made.ok()) return call->refuse(made.error());
  Response response = json_response(201, json::object{{"token", made->secret},
                                                      {"expires_at", to_text(made->session.expires_at)},
                                                      {"csrf", made->session.csrf}});
  response.with("Set-Cookie", "tongban_phone=" + made->secret + "; Path=/; HttpOnly; SameSite=Strict; Max-Age=" +
                                  std::to_string(facility::Accounts::kPhoneSessionMs / 1000) +
                                  (api.options.secure_cookies || call->request.over_tls ? "; Secure" : ""));
  call->answer(std::move(response));
}

// The newest first.
static void list_own(Api::Impl& api, const CallPtr& call) {
  if (!call->session->is_phone())
    return call->refuse(401, "sign_in", "请先登录", "请先用电话号码登录，再查看您的办件。");
  const auto found = api.parts.store->find_person(call->session->phone);
  if (!found.ok()) return call->refuse(found.error());
  const auto registers = api.parts.engine->registers();
  std::vector<store::CaseRow> rows;
  for (const auto& hit : *found) {
    const bool known =
        std::any_of(rows.begin(), rows.end(), [&](const auto& row) { return row.case_id == hit.case_id; });
    const auto state = known ? nullptr : api.parts.engine->load(hit.case_id);
    if (!state || state->erased || !api.may_see(call->actor(), *state, *registers, call->now)) continue;
    const auto row = api.parts.store->find_case(hit.case_id);
    if (!row.ok()) return call->refuse(row.error());
    if (*row) rows.push_back(**row);
  }
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.opened_at > b.opened_at; });
  if (rows.size() > kMostCases) rows.resize(kMostCases);
  json::array items;
  for (const auto& row : rows) {
    const auto state = api.parts.engine->load(row.case_id);
    items.push_back(render_own_row({*api.parts.engine, *registers, call->actor(), call->now}, row, state.get()));
  }
  call->answer_json(200, json::object{{"items", std::move(items)}});
}

static void list_messages(Api::Impl& api, const CallPtr& call) {
  if (!api.parts.demo_sender) return call->refuse(404, "not_found", "没有这个地址", "只有演示城市有这一页。");
  json::array items;
  for (const auto& message : api.parts.demo_sender->list())
    items.push_back(json::object{{"at", to_text(message.at)}, {"to", message.to}, {"text", message.text}});
  call->answer_json(200, json::object{{"items", std::move(items)}});
}

void Api::Impl::add_portal_routes() {
  add({.method = Method::get,
       .path = "/api/v1/site",
       .operation = "showSite",
       .summary = "What this site is, whom to call, and what may be filed",
       .tag = "portal",
       .place = Place::inline_,
       .handle = bind(show_site),
       .result = schema_of("Site")});
  add({.method = Method::post,
       .path = "/api/v1/phone-codes",
       .operation = "sendPhoneCode",
       .summary = "Sends a code to a telephone; the answer does not tell whether the number is known",
       .tag = "portal",
       .handle = bind(make_code),
       .body = texts_schema({"phone"}),
       .result = schema_of("PhoneCode"),
       .status = 202,
       .refusals = {400, 415, 422, 503}});
  add({.method = Method::post,
       .path = "/api/v1/phone-sessions",
       .operation = "signInByPhone",
       .summary = "Number and code give a session for the cases of that telephone",
       .tag = "portal",
       .handle = bind(start_session),
       .body = texts_schema({"phone", "code"}),
       .result = schema_of("PhoneSession"),
       .status = 201,
       .refusals = {400, 401, 415, 422, 503, 507}});
  add({.method = Method::get,
       .path = "/api/v1/my/cases",
       .operation = "listMyCases",
       .summary = "The cases of the telephone that signed in, the newest first",
       .tag = "portal",
       .access = Access::caller_or_staff,
       .handle = bind(list_own),
       .result = schema_of("MyCases")});
  add({.method = Method::get,
       .path = "/api/v1/demo/messages",
       .operation = "listDemoMessages",
       .summary = "The last short messages of the demo city, with masked numbers",
       .tag = "portal",
       .access = Access::staff,
       .place = Place::inline_,
       .handle = bind(list_messages),
       .result = schema_of("DemoMessages")});
}

}  // namespace tongban::http
