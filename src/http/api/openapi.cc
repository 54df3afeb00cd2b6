// The description of the API, made from the table that routes.
#include <set>

#include "base/text.h"
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
    {400, "bad_assignment", "assignment 不对", "assignment 是承办记录的序号。"},
    {400, "bad_file_name", "文件名不对", "文件名最多 200 个字，用 UTF-8 百分号编码。"},
    {400, "bad_group", "没有这个信息分组", "请查看办件类型的信息分组。"},
    {400, "bad_link", "关联办件不对", "link 应含 kind 和 case（办件的编号 id）。"},
    {400, "bad_purpose", "查阅目的不对", "查阅目的最多 100 个字。"},
    {400, "empty_upload", "没有收到文件", "请选择文件后再上传。"},
    {400, "invalid_request", "请求有误", "令牌的有效期为 1 到 3660 天。"},
    {400, "malformed_request", "请求格式不对", "地址不是有效的 UTF-8 编码。请用 UTF-8 编码。"},
    {400, "bad_chunk", "请求格式不对", "分块传来的内容格式不对。"},
    {401, "sign_in", "请先登录", "请先登录，再继续。您填写的内容会保留。"},
    {401, "wrong_code", "验证码不对", "验证码不对或者已过期。请核对后再试，或重新获取。"},
    {401, "wrong_credentials", "登录失败", "用户名或密码不对。请核对后再试，或请管理员重置密码。"},
    {403, "not_allowed", "您现在的身份不能办理", "这一步由派单员办理，您现在的身份不能办理。"},
    {403, "csrf", "请刷新页面", "这次提交缺少页面的校验码。请刷新页面后重新提交。"},
    {403, "administrator_only", "只有管理员可以", "这项操作由管理员办理。请联系管理员。"},
    {403, "purpose_required", "请说明查阅目的", "查看“来电人”中的附件须在 X-Purpose 中说明目的，并留下记录。"},
    {404, "not_found", "没有找到", "没有找到这个办件，或者您无权查看。"},
    {404, "no_pages", "没有网页", "这个程序没有带网页，只有接口。"},
    {404, "invalid_request", "请求有误", "没有账号 lisi。"},
    {405, "method_not_allowed", "不支持这种请求方法", "这个地址不支持 PUT。"},
    {409, "wrong_state", "现在不能办理这一步", "办件现在的状态不能办理这一步。"},
    {409, "no_holder", "办件会无人办理", "办理后将没有人承办，请先指定承办单位。"},
    {408, "header_timeout", "请求没有按时传完", "请求没有按时传完。请检查网络后再试。"},
    {408, "body_timeout", "请求没有按时传完", "内容传得太慢，没有收完。请检查网络后再试；您填写的内容没有保存。"},
    {409, "invalid_request", "请求有误", "办件已被他人更新，请重新读取。"},
    {410, "erased", "已删除", "个人信息已依法删除，附件不能再打开。"},
    {412, "changed", "已被他人更新", "您打开之后，这个办件已被他人更新。"},
    {413, "body_too_large", "内容太大", "内容最多 1 MB，附件每个最多 20 MB。"},
    {414, "target_too_long", "地址太长", "地址太长。请缩短查询条件，或者把内容放在正文里提交。"},
    {415, "unsupported_media_type", "请求格式不对", "请用 application/json 提交。"},
    {422, "invalid_form", "表单需要修改", "有 2 处需要修改。"},
    {422, "bad_picture", "照片不能用", "这张照片打不开，可能已损坏。请换一张再传。"},
    {422, "not_decidable", "资料不全，无法判断", "还缺少资料，无法判断。"},
    {422, "requirement_failed", "不符合条件", "时限已届满，不能申请延期。"},
    {422, "idempotency_key_reused", "Idempotency-Key 已用过",
     "同一个 Idempotency-Key 已用于另一份内容。请换一个新的。"},
    {428, "if_match_required", "缺少版本号", "请在 If-Match 中给出您看到的版本。"},
    {429, "too_many_requests", "请求太频繁", "请求太频繁，请稍后再试。"},
    {429, "code_sent", "验证码已发出", "验证码已经发出，请稍后再试。"},
    {429, "locked", "账号暂时锁定", "密码连续输错，账号暂时锁定。"},
    {417, "expectation_failed", "不支持这个 Expect", "Expect 字段只支持 100-continue。"},
    {431, "header_too_large", "请求头太大", "请求头太大。请清除本站的 Cookie 后再试。"},
    {431, "too_many_headers", "请求头太大", "请求头的字段太多。"},
    {500, "failure", "系统暂时不能处理", "系统暂时不能处理。您填写的内容没有保存，请稍后再试。"},
    {500, "internal_error", "系统出错", "系统出错，请稍后再试。"},
    {501, "method_unknown", "不支持这种请求", "不支持这种请求方法。请查看 /openapi.json。"},
    {501, "transfer_encoding_unknown", "不支持这种请求", "传输编码只支持 chunked。"},
    {503, "busy", "系统繁忙", "现在办理的人太多，请过几秒再试。"},
    {505, "version_unknown", "不支持这个 HTTP 版本", "这里只支持 HTTP/1.1。"},
    {503, "rebuilding", "列表正在重建", "列表正在从账本重建，这时会缺少办件。请过一会儿再看。"},
    {503, "no_messages", "不能发短信", "这里还不能发短信。请用编号和查询码查询。"},
    {503, "unavailable", "系统暂时不能处理", "请稍后再试。"},
    {507, "no_space", "系统暂时不能处理", "存储空间不足，现在只能查看，不能提交。"},
};

json::object header_schema(std::string_view name, std::string_view description) {
  return {{str(name), json::object{{"description", str(description)}, {"schema", json::object{{"type", "string"}}}}}};
}

json::object problem_response(int status) {
  json::object examples;
  for (const Example& e : kRefusals) {
    if (e.status != status) continue;
    examples[str(e.code)] = json::object{{"value", problem_object(status, e.code, e.title, e.detail, Id{})}};
  }
  json::object response{
      {"description", "Refused: the code says why, the detail what to do"},
      {"content", json::object{{"application/problem+json",
                                json::object{{"schema", json::object{{"$ref", "#/components/schemas/Problem"}}},
                                             {"examples", std::move(examples)}}}}}};
  if (status == 429 || status == 503 || status == 507)
    response["headers"] = header_schema("Retry-After", "seconds to wait");
  return response;
}

// Every code that the program knows, those of no operation too (a wrong method, a broken head).
json::array all_refusals() {
  json::array list;
  for (const Example& e : kRefusals) list.push_back(problem_object(e.status, e.code, e.title, e.detail, Id{}));
  return list;
}

// The closed objects of the API, one a row: `member:type`, `member?:type` where it may be absent. A type is text, int,
// bool, date, instant, id, object (open: its members are the pack's), any, another row's name, or [type].
struct Shape {
  std::string_view name, members;
};
constexpr Shape kShapes[] = {
    {"Problem",
     "type:text title:text status:int detail:text code:text request?:id instead?:text basis?:Basis "
     "fields?:[FieldFault] conditions?:[ConditionFault] current_version?:int"},
    {"FieldFault", "field:text sentence:text"},
    {"ConditionFault", "id:text sentence:text instead:text basis:Basis"},
    {"Basis", "kind:text document?:text clause?:text reading?:int text:text"},
    {"Titled", "id:text title:text title_en:text"},
    {"Named", "id:text name:text"},
    {"CaseRow",
     "id:id number:text type:text state:text state_title?:text open:bool opened_at:instant changed_at:instant "
     "closed_at?:instant late:bool held_by:text version:int due_at?:instant due_clock?:text due_provisional?:bool "
     "fields:object labels:object title:text type_title?:text state_title_en?:text due?:RowDue holder_name:text "
     "flags:[Titled] paused:bool kind_title?:text kind_title_en?:text clock_now?:Clock awaits?:Titled"},
    {"RowDue",
     "clock:text title:text title_en:text at:instant on:date provisional:bool remaining:int remaining_minutes?:int "
     "late:bool"},
    {"StepNow", "id:text title:text title_en:text state:text at?:instant"},
    {"Case",
     "id:id number:text title:text pack:text type:Titled state:StateNow steps:[StepNow] version:int opened_at:instant "
     "changed_at:instant "
     "closed_at?:instant result?:text imported:bool held_by:[Holder] fields:object withheld:[Withheld] "
     "assigned:[Assignment] clocks:[Clock] acts:[Act] letters:[Letter] documents:[Document] links:[Link] "
     "flags:[Titled] decisions:[Decision] actions:[Offer] undo?:Undo leading?:Leading story?:text"},
    {"Leading", "id?:id number?:text state:StateNow steps:[StepNow] clocks:[Clock] held_by:[Holder]"},
    {"StateNow", "id:text title:text title_en:text open:bool"},
    {"Holder", "role:text title:text title_en:text units:[Named]"},
    {"Withheld", "group:text title:text why:text"},
    {"Actor", "role:text title:text unit?:Named person?:text"},
    {"Assignment",
     "no:int name:text title:text under:int at:instant active:bool unit?:Named person?:text ended_at?:instant"},
    {"Clock",
     "no:int name:text title:text title_en:text type?:text limit_text:text remaining?:int remaining_minutes?:int "
     "force:text "
     "basis:Basis started_at:instant started_by_event:int status:text late:bool "
     "owner:text due_on?:date due_at?:instant provisional?:bool claimed_at?:instant stopped_at?:instant "
     "segments:[ClockSegment] pauses:[ClockPause] former_due:[date] sentence:text"},
    {"ClockSegment", "why:text counted:Counted basis:Basis event:int sentence:text"},
    {"ClockPause", "from:instant to?:instant basis:Basis"},
    {"Counted",
     "start:instant unit:text n:int kind:text first_counted:date raw_end:date due_on:date due_at:instant "
     "provisional:bool edition:text specials:[SpecialDay]"},
    {"DueDate",
     "start:instant unit:text n:int kind:text first_counted:date raw_end:date due_on:date due_at:instant "
     "provisional:bool edition:text specials:[SpecialDay] sentence:text"},
    {"SpecialDay", "date:date off:bool name:text notice:text"},
    {"Act",
     "action:text title:text outcome:text by:Actor at:instant recorded_at:instant from:text to:text version:int "
     "basis:Basis form:object flags:[Titled] undone?:bool counted?:[DaysCounted]"},
    {"Letter",
     "letter:text title:text channel:text at:instant text:text basis:Basis to:LetterTo "
     "held_until?:instant cancelled?:bool counted?:[DaysCounted]"},
    {"DaysCounted", "of?:text title?:text function:text sentence:text provisional:bool counted:Counted"},
    {"LetterTo", "role:text title:text unit?:text"},
    {"Document", "id:id name:any media_type:text bytes:int at:instant by:Actor"},
    {"Link", "kind:text title:text title_en:text inverse:bool other:id number:text type:text ended:bool"},
    {"Decision",
     "decision:text title:text mode?:text suggestion:any choice?:any reason?:text decided_by:int complete:bool "
     "matched:[int] inputs:object missing:[text] bases:[Basis] sentence:text event?:int counted?:[DaysCounted]"},
    {"Suggestions", "suggestions:[Decision]"},
    {"Preview", "state:StateNow clocks:[Clock] letters:[Letter] holders:[Holder] decisions:[Decision]"},
    {"Estimates", "clocks:[Clock] missing:[text] suggested:[FieldHint] decisions?:[Decision]"},
    {"FieldHint", "field:text value:text title:text title_en:text words:[text] sentence:text sentence_en:text"},
    {"CalendarDays", "days:[CalendarDay]"},
    {"CalendarDay", "date:date working:bool name?:text notice?:text provisional:bool"},
    {"CalendarEditions", "items:[CalendarEdition]"},
    {"CalendarEdition", "notice:text title:text number:text published:date year:int amendment:bool days:int url?:text"},
    {"Undo", "action:text until:instant"},
    {"CaseCounts",
     "holder:text total:int late:int today:int within_two:int paused:int to_decide:int states:[StateCount] "
     "horizon:[HorizonDay] groups?:[GroupCount] bounded:bool"},
    {"StateCount", "type:text state:text title:text title_en:text count:int"},
    {"HorizonDay", "date:date count:int late:bool working:bool holiday?:text"},
    {"GroupCount", "value:text title:text count:int late:int"},
    {"Similar", "items:[SimilarCase]"},
    {"SimilarCase",
     "state_title:text state_title_en:text kind_title:text kind_title_en:text place:text opened_on:date "
     "holder_name:text due_on?:date followers:int photo?:text number?:text id?:id title?:text "
     "handle?:text"},
    {"Offer", "action:text title:text title_en:text offered:bool basis:Basis why_not?:text until?:instant"},
    {"Readers", "items:[Reader]"},
    {"Reader", "at:instant who:text unit:text purpose:text what:text"},
    {"Session",
     "kind:text account:text administrator:bool expires_at:instant csrf?:text case?:id person?:Named posts?:[Post]"},
    {"SignedIn",
     "kind:text account:text administrator:bool expires_at:instant csrf:text person?:Named posts?:[Post] token:text"},
    {"Post", "position:text unit:text unit_name:text as_deputy:bool"},
    {"FailedReactions", "items:[FailedReaction]"},
    {"FailedReaction", "key:text case:text refused:object"},
    {"Accounts", "items:[Account]"},
    {"Account", "name:text person:text person_name:text administrator:bool"},
    {"SetUpLink", "link:text valid_hours:int"},
    {"Token", "token:text"},
    {"Packs", "items:[Pack]"},
    {"Pack", "id:text title:text title_en:text document:text issuer:text edition:text types:[PackType]"},
    {"PackType", "id:text title:text title_en:text help:text help_en:text public:bool"},
    {"CaseType",
     "id:text title:text title_en:text help:text help_en:text pack:text document:text title_field:text "
     "steps:[StepInfo] groups:[Titled] roles:[Titled] clocks:[ClockInfo] flags:[Titled] states:[StateInfo] "
     "fields:[FormField] open:ActionForm actions:[ActionForm] ways:[Way]"},
    {"StepInfo", "id:text title:text title_en:text help:text help_en:text"},
    {"Way", "id:text title:text title_en:text help:text help_en:text before:[text] action:text with:object"},
    {"ClockInfo", "id:text title:text title_en:text force:text basis:Basis"},
    {"StateInfo", "id:text title:text title_en:text public_title:text public_title_en:text final:bool step?:text"},
    {"ActionForm",
     "id:text title:text title_en:text help:text help_en:text basis:Basis form:object fields:[FormField] from:[text] "
     "by:[text] primary:bool irreversible:bool key?:text happened?:text letters:[FormLetter]"},
    {"FormLetter", "letter:text title:text to:text to_title:text outcome:text"},
    {"FormField",
     "id:text kind:text list:bool title:text title_en:text help:text help_en:text must:bool personal:bool "
     "case_field:bool group:text max_length?:int min?:text max?:text options?:[Titled] register?:text suggest?:text "
     "staff?:bool show_if?:object pattern?:text units?:[text] says:FormSays basis?:Basis"},
    {"FormSays", "missing:text missing_en:text format?:text format_en?:text"},
    {"Clause", "id:text document:text title:text gist:text text:text left:text"},
    {"Clauses", "items:[ClauseRules]"},
    {"ClauseRules", "id:text gist:text text:text left:text rules:[ClauseRule]"},
    {"ClauseRule", "kind:text title:text title_en:text of:text"},
    {"RegisterPage", "items:[RegisterEntry] as_of:date next?:text columns?:[RegisterColumn]"},
    {"RegisterColumn", "id:text kind:text list:bool title:text title_en:text register?:text options?:[Titled]"},
    {"RegisterEntry", "id:text name:text path?:text revision:int valid_from?:date valid_to?:date values?:object"},
    {"Version", "version:int"},
    {"Site",
     "name:text name_en:text short:text short_en:text phone:text organiser:text organiser_en:text demo:bool "
     "document?:SiteDocument "
     "emergency:[Emergency] entries:[SiteEntry] popular:[PopularEntry] search?:SiteSearch"},
    {"PopularEntry", "register:text entry:text title:text source?:text date?:date"},
    {"SiteSearch", "register:text title:text title_en:text"},
    {"SiteDocument", "pack:text clause?:text text:text"},
    {"Emergency", "number:text title:text title_en:text"},
    {"SiteEntry", "pack:text type:text title:text title_en:text help:text help_en:text"},
    {"PhoneCode", "expires_at:instant resend_at:instant"},
    {"PhoneSession", "token:text expires_at:instant csrf:text"},
    {"MyCases", "items:[CaseRow]"},
    {"PresenceOfOthers", "others:[Presence]"},
    {"Presence", "name:text unit:text since:instant editing:bool"},
    {"DemoMessages", "items:[DemoMessage]"},
    {"DemoMessage", "at:instant to:text text:text"},
    {"Health", "alive:bool"},
    {"Readiness", "ready:bool position:int queued:int search_lag:int trouble?:text"},
};

json::object type_schema(std::string_view type) {
  if (type.starts_with('[')) return {{"type", "array"}, {"items", type_schema(type.substr(1, type.size() - 2))}};
  if (type == "text") return {{"type", "string"}};
  if (type == "int") return {{"type", "integer"}};
  if (type == "bool") return {{"type", "boolean"}};
  if (type == "date") return {{"type", "string"}, {"format", "date"}};
  if (type == "instant") return {{"type", "string"}, {"format", "date-time"}};
  if (type == "id") return {{"type", "string"}, {"format", "uuid"}};
  if (type == "object") return {{"type", "object"}, {"additionalProperties", true}};
  if (type == "any") return {};
  return {{"$ref", "#/components/schemas/" + std::string(type)}};
}

json::object schemas() {
  json::object all;
  for (const Shape& shape : kShapes) {
    json::object members;
    json::array required;
    for (const auto member : split(shape.members, ' ')) {
      const size_t colon = member.find(':');
      const bool optional = member[colon - 1] == '?';
      const std::string_view name = member.substr(0, optional ? colon - 1 : colon);
      members[str(name)] = type_schema(member.substr(colon + 1));
      if (!optional) required.push_back(str(name));
    }
    all[str(shape.name)] = json::object{{"type", "object"},
                                        {"additionalProperties", false},
                                        {"properties", std::move(members)},
                                        {"required", std::move(required)}};
  }
  return all;
}

}  // namespace

json::object Api::Impl::describe() const {
  json::object paths;
  std::set<std::string> tags;
  for (const Route& route : routes) {
    json::object operation{
        {"operationId", route.operation}, {"summary", route.summary}, {"tags", json::array{str(route.tag)}}};
    tags.insert(route.tag);
    json::array parameters;
    for (const auto& part : route.parts) {
      if (part.front() == '{')
        parameters.push_back(json::object{{"name", part.substr(1, part.size() - 2)},
                                          {"in", "path"},
                                          {"required", true},
                                          {"schema", json::object{{"type", "string"}}}});
    }
    for (const auto& query : route.query) {
      parameters.push_back(json::object{{"name", str(query.name)},
                                        {"in", "query"},
                                        {"description", str(query.description)},
                                        {"schema", json::object{{"type", str(query.type)}}}});
    }
    const auto header = [&](std::string_view name, bool required, std::string_view description) {
      parameters.push_back(json::object{{"name", str(name)},
                                        {"in", "header"},
                                        {"required", required},
                                        {"description", str(description)},
                                        {"schema", json::object{{"type", "string"}}}});
    };
    if (route.needs_match) header("If-Match", true, "ETag of the case as it was read");
    if (route.takes_key)
      header("Idempotency-Key", false, "same key and body: the stored answer; same key, other body: refused");
    if (route.operation == "getCase" || route.operation == "tellCase" || route.operation == "getDocument")
      header("X-Purpose", false, "why personal data is read, percent-encoded; recorded");
    if (route.access == Access::staff || route.access == Access::caller_or_staff)
      header("X-Acting-Unit", false, "unit for which the person acts, where she has posts in several");
    if (route.upload) header("X-File-Name", false, "name of the file, percent-encoded");
    if (!parameters.empty()) operation["parameters"] = std::move(parameters);
    if (!route.body.is_null())
      operation["requestBody"] = json::object{
          {"required", true}, {"content", json::object{{"application/json", json::object{{"schema", route.body}}}}}};
    if (route.upload)
      operation["requestBody"] = json::object{
          {"required", true},
          {"content",
           json::object{{"application/octet-stream",
                         json::object{{"schema", json::object{{"type", "string"}, {"format", "binary"}}}}}}}};
    json::object responses;
    json::object success{{"description", "Done"}};
    if (!route.result.is_null())
      success["content"] = json::object{{str(route.media_type), json::object{{"schema", route.result}}}};
    else if (route.status == 200)
      success["content"] =
          json::object{{str(route.media_type), json::object{{"schema", json::object{{"type", "string"}}}}}};
    if (route.needs_match || route.operation == "getCase" || route.operation == "tellCase")
      success["headers"] = header_schema("ETag", "version of the case, for If-Match");
    responses[std::to_string(route.status)] = std::move(success);
    if (route.operation == "getCase")
      responses["304"] = json::object{{"description", "Not changed since the ETag in If-None-Match"}};
    std::set<int> refusals(route.refusals.begin(), route.refusals.end());
    refusals.insert(429);
    if (route.path.starts_with("/api/")) refusals.insert(400);  // a query parameter that is not described
    if (route.path.starts_with("/api/v1/cases") && route.method == Method::get) refusals.insert(503);  // rebuilding
    if (route.access != Access::anyone) refusals.insert({401, 403, 404});
    for (const int status : refusals) responses[std::to_string(status)] = problem_response(status);
    operation["responses"] = std::move(responses);
    if (route.access == Access::anyone)
      operation["security"] = json::array{json::object{}, json::object{{"token", json::array{}}}};
    const std::string method = route.method == Method::get    ? "get"
                               : route.method == Method::post ? "post"
                               : route.method == Method::put  ? "put"
                                                              : "delete";
    json::value& path = paths[route.path];
    if (path.is_null()) path = json::object{};
    path.get_object()[method] = std::move(operation);
  }
  json::array tag_list;
  for (const auto& tag : tags) tag_list.push_back(json::object{{"name", tag}, {"description", tag}});
  return json::object{
      {"openapi", "3.1.0"},
      {"info",
       json::object{{"title", "Tongban 通办"},
                    {"version", options.version},
                    {"description",
                     "政策文件变成服务：每个时限、决定和拒绝都注明条款。A query parameter that is not described "
                     "here, or stands twice, is refused with 400 bad_query, which names it."},
                    {"license", json::object{{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}}},
      {"servers", json::array{json::object{{"url", "/"}}}},
      {"security", json::array{json::object{{"token", json::array{}}}, json::object{{"cookie", json::array{}}}}},
      {"tags", std::move(tag_list)},
      {"x-refusals", all_refusals()},
      {"paths", std::move(paths)},
      {"components",
       json::object{{"schemas", schemas()},
                    {"securitySchemes", json::object{{"token", json::object{{"type", "http"}, {"scheme", "bearer"}}},
                                                     {"cookie", json::object{{"type", "apiKey"},
                                                                             {"in", "cookie"},
                                                                             {"name", "tongban_session"}}}}}}}};
}

}  // namespace tongban::http
