#include "http/api/call.h"

#include "base/crypto.h"
#include "http/api/impl.h"
#include "http/coding.h"

#include "kernel/explain.h"

namespace tongban::http {
namespace {

std::string_view title_of(kernel::RejectionCode code) {
  switch (code) {
    case kernel::RejectionCode::not_found:
      return "没有找到";
    case kernel::RejectionCode::changed:
      return "已被他人更新";
    case kernel::RejectionCode::wrong_state:
      return "现在不能办理这一步";
    case kernel::RejectionCode::not_allowed:
      return "您现在的身份不能办理";
    case kernel::RejectionCode::invalid_form:
      return "表单需要修改";
    case kernel::RejectionCode::not_decidable:
      return "资料不全，无法判断";
    case kernel::RejectionCode::requirement_failed:
      return "不符合条件";
    case kernel::RejectionCode::no_holder:
      return "办件会无人办理";
  }
  return "不能办理";
}

}  // namespace

const std::string& Call::parameter(std::string_view name) const {
  static const std::string kNone;
  for (const auto& [key, value] : parameters) {
    if (key == name) return value;
  }
  return kNone;
}

kernel::Actor Call::actor() const {
  if (!session) return {};
  if (session->kind == facility::Session::Kind::caller) return {.kind = kernel::Actor::Kind::caller};
  kernel::Actor actor{.kind = kernel::Actor::Kind::staff, .person = session->person};
  if (const auto unit = request.find_header("X-Acting-Unit")) actor.unit = *unit;
  return actor;
}

std::string Call::actor_key() const {
  if (!session) return "anyone";
  if (session->is_phone()) return "phone:" + to_hex(view_of(session->phone));
  if (session->kind == facility::Session::Kind::caller) return "caller:" + to_text(session->case_id);
  return "person:" + (session->person.empty() ? session->account : session->person);
}

void Call::answer(Response response) {
  if (route) response.route = route->path;
  response.with("Cache-Control", "no-store");
  compress(request, response);
  responder.answer(std::move(response));
}

void Call::answer_json(int status, const json::value& body) { answer(json_response(status, body)); }
void Call::answer_json(int status, const json::object& body) { answer(json_response(status, body)); }

void Call::refuse(int status, std::string_view code, std::string_view title, std::string_view detail) {
  Response response = json_response(status, problem_object(status, code, title, detail, request.id));
  response.content_type = "application/problem+json";
  if (status == 429 || status == 503 || status == 507) response.with("Retry-After", "10");
  answer(std::move(response));
}

void Call::refuse(const kernel::Rejection& rejection) {
  const int status = status_of(rejection.code);
  json::object body =
      problem_object(status, kernel::to_text(rejection.code), title_of(rejection.code), rejection.sentence, request.id);
  for (auto& [key, value] : kernel::to_json(rejection)) {
    if (key != "sentence" && key != "code") body[key] = std::move(value);
  }
  Response response = json_response(status, body);
  response.content_type = "application/problem+json";
  if (rejection.code == kernel::RejectionCode::changed)
    response.with("ETag", "\"v" + std::to_string(rejection.current_version) + "\"");
  answer(std::move(response));
}

void Call::refuse(const Error& error) {
  const int status = status_of(error.trouble);
  const bool temporary = status == 503 || status == 507;
  // What failed inside is for the operator's log; people learn what to do.
  const std::string detail =
      status == 507   ? "存储空间不足，现在只能查看，不能提交。您填写的内容没有保存，请稍后再试，并告知系统管理员。"
      : status >= 500 ? "系统暂时不能处理。您填写的内容没有保存，请稍后再试；如仍不行，请把编号告诉系统管理员。"
                      : error.message;
  Response response =
      json_response(status, problem_object(status,
                                           status == 507   ? "no_space"
                                           : status == 503 ? "unavailable"
                                           : status >= 500 ? "failure"
                                                           : "invalid_request",
                                           status >= 500 ? "系统暂时不能处理" : "请求有误", detail, request.id));
  response.content_type = "application/problem+json";
  if (temporary) response.with("Retry-After", "10");
  answer(std::move(response));
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = text[i] == '%' && i + 2 < text.size()
                          ? from_hex(std::string{static_cast<char>(std::tolower(text[i + 1])),
                                                 static_cast<char>(std::tolower(text[i + 2]))})
                          : std::nullopt;
    if (byte) {
      out += *byte;
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

json::object problem_object(int status, std::string_view code, std::string_view title, std::string_view detail,
                            const Id& request) {
  const auto text = [](std::string_view s) { return json::string_view(s.data(), s.size()); };
  return json::object{{"type", "/problems/" + std::string(code)},
                      {"title", text(title)},
                      {"status", status},
                      {"detail", text(detail)},
                      {"code", text(code)},
                      {"request", to_text(request)}};
}

static Response json_text_response(int status, std::string text) {
  Response response;
  response.status = status;
  response.content_type = "application/json";
  response.body = std::move(text);
  return response;
}

Response json_response(int status, const json::value& body) { return json_text_response(status, to_json_text(body)); }
Response json_response(int status, const json::object& body) { return json_text_response(status, to_json_text(body)); }

int status_of(kernel::RejectionCode code) {
  switch (code) {
    case kernel::RejectionCode::not_found:
      return 404;
    case kernel::RejectionCode::changed:
      return 412;
    case kernel::RejectionCode::wrong_state:
      return 409;
    case kernel::RejectionCode::not_allowed:
      return 403;
    case kernel::RejectionCode::invalid_form:
      return 422;
    case kernel::RejectionCode::not_decidable:
      return 422;
    case kernel::RejectionCode::requirement_failed:
      return 422;
    case kernel::RejectionCode::no_holder:
      return 409;
  }
  return 400;
}

int status_of(Trouble trouble) {
  switch (trouble) {
    case Trouble::invalid_input:
      return 400;
    case Trouble::not_found:
      return 404;
    case Trouble::conflict:
      return 409;
    case Trouble::no_space:
      return 507;
    case Trouble::unavailable:
      return 503;
    case Trouble::unsupported:
      return 501;
    case Trouble::corrupt:
    case Trouble::io:
      return 500;
  }
  return 500;
}

}  // namespace tongban::http
