// The description of the API, made from the table that routes.
#include <set>

#include "http/api/impl.h"

namespace tongban::http {
namespace {

json::string str(std::string_view text) { return json::string(text.data(), text.size()); }

struct Example {
  int status;
  std::string_view code, title, detail;
};
// One example for every refusal code, grouped by status.
constexpr Example kRefusals[] = {
    {400, "bad_json", "请求内容不是有效的 JSON", "This is not valid JSON at byte 12: syntax error."},
    {400, "bad_encoding", "文字编码有误", "请用 UTF-8 编码提交。"},
    {400, "bad_query", "查询条件不对", "查询条件 limit 不对：应为 1 到 200。"},
    {400, "bad_if_match", "版本号格式不对", "If-Match 应是读取办件时的 ETag，例如 \"v12\"。"},
    {400, "bad_idempotency_key", "Idempotency-Key 不对", "Idempotency-Key 应为 1 到 128 个字节。"},
    {401, "sign_in", "请先登录", "请先登录，再继续。您填写的内容会保留。"},
    {401, "wrong_credentials", "登录失败", "用户名或密码不对。请核对后再试，或请管理员重置密码。"},
    {403, "not_allowed", "您现在的身份不能办理", "这一步由派单员办理，您现在的身份不能办理。"},
    {403, "csrf", "请刷新页面", "这次提交缺少页面的校验码。请刷新页面后重新提交。"},
    {403, "administrator_only", "只有管理员可以", "这项操作由管理员办理。请联系管理员。"},
    {404, "not_found", "没有找到", "没有找到这个办件，或者您无权查看。"},
    {405, "method_not_allowed", "不支持这种请求方法", "这个地址不支持 PUT。"},
    {409, "wrong_state", "现在不能办理这一步", "办件现在的状态不能办理这一步。"},
    {409, "no_holder", "办件会无人办理", "办理后将没有人承办，请先指定承办单位。"},
    {410, "erased", "已删除", "个人信息已依法删除，附件不能再打开。"},
    {412, "changed", "已被他人更新", "您打开之后，这个办件已被他人更新。"},
    {413, "too_large", "内容太大", "附件每个不超过 20 MB。"},
    {415, "unsupported_media_type", "请求格式不对", "请用 application/json 提交。"},
    {422, "invalid_form", "表单需要修改", "有 2 处需要修改。"},
    {422, "not_decidable", "资料不全，无法判断", "还缺少资料，无法判断。"},
    {422, "requirement_failed", "不符合条件", "时限已届满，不能申请延期。"},
    {422, "idempotency_key_reused", "Idempotency-Key 已用过", "同一个 Idempotency-Key 已用于另一份内容。请换一个新的。"},
    {428, "if_match_required", "缺少版本号", "请在 If-Match 中给出您看到的版本。"},
    {429, "too_many_requests", "请求太频繁", "请求太频繁，请稍后再试。"},
    {429, "locked", "账号暂时锁定", "密码连续输错，账号暂时锁定。"},
    {503, "unavailable", "系统暂时不能处理", "请稍后再试。"},
    {507, "no_space", "系统暂时不能处理", "存储空间不足，现在只能查看，不能提交。"},
};

json::object problem_response(int status) {
  json::object examples;
  for (const Example& e : kRefusals) {
    if (e.status != status) continue;
    examples[str(e.code)] = json::object{{"value", problem_object(status, e.code, e.title, e.detail, Id{})}};
  }
  return json::object{{"description", "Refused: the code says why, the detail what to do"},
                      {"content", json::object{{"application/problem+json", json::object{{"schema", json::object{{"$ref", "#/components/schemas/Problem"}}}, {"examples", std::move(examples)}}}}}};
}

json::object schemas() {
  const json::object text{{"type", "string"}}, any{{"type", "object"}}, list{{"type", "array"}, {"items", any}}, truth{{"type", "boolean"}}, number{{"type", "integer"}};
  const json::object id{{"type", "string"}, {"format", "uuid"}}, instant{{"type", "string"}, {"format", "date-time"}};
  json::object problem{{"type", "object"},
                       {"required", json::array{"type", "title", "status", "detail", "code"}},
                       {"properties", json::object{{"type", text}, {"title", text}, {"status", number}, {"detail", text}, {"code", text}, {"request", id}, {"instead", text},
                                                   {"basis", json::object{{"$ref", "#/components/schemas/Basis"}}}, {"fields", list}, {"conditions", list}, {"current_version", number}}}};
  json::object basis{{"type", "object"}, {"properties", json::object{{"kind", text}, {"document", text}, {"clause", text}, {"reading", number}, {"text", text}}}, {"additionalProperties", false}};
  json::object row{{"type", "object"},
                   {"additionalProperties", false},
                   {"required", json::array{"id", "number", "state", "version"}},
                   {"properties", json::object{{"id", id}, {"number", text}, {"type", text}, {"state", text}, {"state_title", text}, {"open", truth}, {"opened_at", instant}, {"changed_at", instant},
                                               {"closed_at", instant}, {"late", truth}, {"held_by", text}, {"version", number}, {"due_at", instant}, {"due_clock", text}, {"due_provisional", truth}, {"fields", any}}}};
  json::object whole{{"type", "object"},
                     {"additionalProperties", false},
                     {"required", json::array{"id", "number", "state", "version"}},
                     {"properties", json::object{{"id", id}, {"number", text}, {"pack", text}, {"type", any}, {"state", any}, {"version", number}, {"opened_at", instant}, {"changed_at", instant},
                                                 {"closed_at", instant}, {"result", text}, {"imported", truth}, {"held_by", list}, {"fields", any}, {"withheld", list}, {"assigned", list}, {"clocks", list},
                                                 {"acts", list}, {"letters", list}, {"documents", list}, {"links", list}, {"flags", list}, {"decisions", list}, {"actions", list}, {"story", text}}}};
  return json::object{{"Problem", std::move(problem)}, {"Basis", std::move(basis)}, {"CaseRow", std::move(row)}, {"Case", std::move(whole)}};
}

}  // namespace

json::object Api::Impl::describe() const {
  json::object paths;
  std::set<std::string> tags;
  for (const Route& route : routes) {
    json::object operation{{"operationId", route.operation}, {"summary", route.summary}, {"tags", json::array{str(route.tag)}}};
    tags.insert(route.tag);
    json::array parameters;
    for (const auto& part : route.parts) {
      if (part.front() == '{') parameters.push_back(json::object{{"name", part.substr(1, part.size() - 2)}, {"in", "path"}, {"required", true}, {"schema", json::object{{"type", "string"}}}});
    }
    for (const auto& query : route.query) {
      parameters.push_back(json::object{{"name", str(query.name)}, {"in", "query"}, {"description", str(query.description)}, {"schema", json::object{{"type", str(query.type)}}}});
    }
    const auto header = [&](std::string_view name, bool required, std::string_view description) {
      parameters.push_back(json::object{{"name", str(name)}, {"in", "header"}, {"required", required}, {"description", str(description)}, {"schema", json::object{{"type", "string"}}}});
    };
    if (route.needs_match) header("If-Match", true, "ETag of the case as it was read");
    if (route.takes_key) header("Idempotency-Key", false, "same key and body: the stored answer; same key, other body: refused");
    if (route.operation == "getCase" || route.operation == "tellCase") header("X-Purpose", false, "why personal data is read, percent-encoded; recorded");
    if (route.upload) header("X-File-Name", false, "name of the file, percent-encoded");
    if (!parameters.empty()) operation["parameters"] = std::move(parameters);
    if (!route.body.is_null()) operation["requestBody"] = json::object{{"required", true}, {"content", json::object{{"application/json", json::object{{"schema", route.body}}}}}};
    if (route.upload) operation["requestBody"] = json::object{{"required", true}, {"content", json::object{{"application/octet-stream", json::object{{"schema", json::object{{"type", "string"}, {"format", "binary"}}}}}}}};
    json::object responses;
    json::object success{{"description", "Done"}};
    if (!route.result.is_null()) success["content"] = json::object{{str(route.media_type), json::object{{"schema", route.result}}}};
    else if (route.status == 200) success["content"] = json::object{{str(route.media_type), json::object{{"schema", json::object{{"type", "string"}}}}}};
    responses[std::to_string(route.status)] = std::move(success);
    if (route.operation == "getCase") responses["304"] = json::object{{"description", "Not changed since the ETag in If-None-Match"}};
    std::set<int> refusals(route.refusals.begin(), route.refusals.end());
    refusals.insert(429);
    if (route.access != Access::anyone) refusals.insert({401, 403, 404});
    for (const int status : refusals) responses[std::to_string(status)] = problem_response(status);
    operation["responses"] = std::move(responses);
    if (route.access == Access::anyone) operation["security"] = json::array{json::object{}, json::object{{"token", json::array{}}}};
    const std::string method = route.method == Method::get ? "get" : route.method == Method::post ? "post" : route.method == Method::put ? "put" : "delete";
    json::value& path = paths[route.path];
    if (path.is_null()) path = json::object{};
    path.get_object()[method] = std::move(operation);
  }
  json::array tag_list;
  for (const auto& tag : tags) tag_list.push_back(json::object{{"name", tag}, {"description", tag}});
  return json::object{{"openapi", "3.1.0"},
                      {"info", json::object{{"title", "Tongban 通办"}, {"version", options.version}, {"description", "政策文件变成服务：每个时限、决定和拒绝都注明条款。"},
                                            {"license", json::object{{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}}},
                      {"servers", json::array{json::object{{"url", "/"}}}},
                      {"security", json::array{json::object{{"token", json::array{}}}, json::object{{"cookie", json::array{}}}}},
                      {"tags", std::move(tag_list)},
                      {"paths", std::move(paths)},
                      {"components", json::object{{"schemas", schemas()},
                                                  {"securitySchemes", json::object{{"token", json::object{{"type", "http"}, {"scheme", "bearer"}}},
                                                                                   {"cookie", json::object{{"type", "apiKey"}, {"in", "cookie"}, {"name", "tongban_session"}}}}}}}};
}

}  // namespace tongban::http
