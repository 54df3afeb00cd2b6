// Documents of cases: taken, checked by their content, cleaned and given out. What comes is streamed into the sealed
// store at once; a photograph is then read again on a thread of its own, one at a time, and only the cleaned one is
// kept.
#include <algorithm>

#include "base/text.h"
#include "facility/images/image.h"
#include "http/api/impl.h"
#include "store/attachments.h"

namespace tongban::http {
namespace {

using facility::Session;

constexpr size_t kHeadBytes = 32, kTailBytes = 1024;

constexpr std::string_view kAllowed =
    "可以上传照片（JPG、PNG、WebP）、PDF、办公文档或压缩包（DOCX、XLSX、PPTX、ZIP）、录像（MP4、MOV）；"
    "文件内容须与格式一致。";
constexpr std::string_view kHeic =
    "手机里的 HEIC 照片其他人打不开。请在相机设置的“格式”里选“兼容性最佳”，或者用截图上传。";

// What the content of a file says it is; empty for what may not be attached.
std::string_view sniff(std::string_view head, std::string_view tail) {
  if (const auto type = facility::image_type(head)) return facility::media_type_of(*type);
  if (head.starts_with("%PDF-1.") || head.starts_with("%PDF-2."))
    return tail.find("%%EOF") != std::string_view::npos ? "application/pdf" : "";
  if (head.starts_with("PK\x03\x04")) return "application/zip";
  if (head.size() < 12 || head.substr(4, 4) != "ftyp") return {};
  const std::string_view brand = head.substr(8, 4);
  if (brand == "qt  ") return "video/quicktime";
  for (const std::string_view film :
       {"isom", "iso2", "iso4", "iso5", "iso6", "mp41", "mp42", "avc1", "M4V ", "3gp4", "3gp5", "mmp4"}) {
    if (brand == film) return "video/mp4";
  }
  return {};
}

bool is_heic(std::string_view head) {
  if (head.size() < 12 || head.substr(4, 4) != "ftyp") return false;
  const std::string_view brand = head.substr(8, 4);
  for (const std::string_view photo : {"heic", "heix", "hevc", "heim", "heis", "mif1", "msf1", "avif"}) {
    if (brand == photo) return true;
  }
  return false;
}

// The types that an ending may stand for, and endings that are never taken, whatever the content is. An ending that is
// not listed says nothing.
struct Ending {
  std::string_view ending;
  std::string_view types;  // separated by spaces; empty: refused
};
constexpr Ending kEndings[] = {
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"png", "image/png"},
    {"webp", "image/webp"},
    {"pdf", "application/pdf"},
    {"zip", "application/zip"},
    {"docx", "application/zip"},
    {"xlsx", "application/zip"},
    {"pptx", "application/zip"},
    {"ofd", "application/zip"},
    {"mp4", "video/mp4"},
    {"m4v", "video/mp4"},
    {"3gp", "video/mp4"},
    {"mov", "video/quicktime video/mp4"},
    {"svg", ""},
    {"svgz", ""},
    {"htm", ""},
    {"html", ""},
    {"xhtml", ""},
    {"xml", ""},
    {"js", ""},
    {"mjs", ""},
    {"exe", ""},
    {"dll", ""},
    {"msi", ""},
    {"bat", ""},
    {"cmd", ""},
    {"com", ""},
    {"scr", ""},
    {"vbs", ""},
    {"ps1", ""},
    {"sh", ""},
    {"jar", ""},
    {"apk", ""},
    {"lnk", ""},
    {"hta", ""},
    {"docm", ""},
    {"xlsm", ""},
};

bool is_among(std::string_view types, std::string_view type) {
  for (const auto one : split(types, ' ')) {
    if (one == type) return true;
  }
  return false;
}

// Whether the name and the declared type agree with what the content says.
bool agrees(std::string_view name, std::string_view declared, std::string_view content) {
  const size_t dot = name.rfind('.');
  const std::string_view ending = dot == std::string_view::npos ? "" : name.substr(dot + 1);
  for (const auto& known : kEndings) {
    if (equals_ignoring_case(known.ending, ending) && !is_among(known.types, content)) return false;
  }
  declared = trim(declared.substr(0, declared.find(';')));
  if (equals_ignoring_case(declared, "image/jpg")) declared = "image/jpeg";
  for (const std::string_view start : {"image/", "text/", "application/pdf", "multipart/", "application/xhtml"}) {
    if (declared.size() >= start.size() && equals_ignoring_case(declared.substr(0, start.size()), start) &&
        !equals_ignoring_case(declared, content))
      return false;
  }
  return true;
}

// Takes an upload into the attachment store; the event that refers to it is made when the request is complete.
class DocumentSink : public BodySink {
 public:
  DocumentSink(Id id, Key key, std::unique_ptr<store::Attachments::Writer> writer)
      : id_(id), key_(key), writer_(std::move(writer)) {}
  Result<void> write(std::string_view bytes) override {
    if (head_.size() < kHeadBytes) head_ += bytes.substr(0, kHeadBytes - head_.size());
    tail_ += bytes.substr(bytes.size() - std::min(bytes.size(), kTailBytes));
    if (tail_.size() > kTailBytes) tail_.erase(0, tail_.size() - kTailBytes);
    return writer_->add(bytes);
  }
  Result<store::Attachments::Stored> finish() { return writer_->finish(); }
  const Id& id() const { return id_; }
  const Key& key() const { return key_; }
  const std::string& head() const { return head_; }
  std::string_view media_type() const { return sniff(head_, tail_); }

 private:
  Id id_;
  Key key_;
  std::unique_ptr<store::Attachments::Writer> writer_;
  std::string head_, tail_;
};

std::optional<Key> key_of(const store::KeyStore& keys, const kernel::CaseState& state) {
  if (state.person.is_nil()) return hmac_sha256(keys.search_key(), state.id.view());  // no person: a key of the case
  const auto key = keys.find_key(state.person);
  return key.ok() ? *key : std::nullopt;
}

Result<std::string> read_whole(const store::Attachments& attachments, const Id& id, const Key& key) {
  std::string bytes;
  TRY(attachments.read(id, key, [&](std::string_view chunk) {
    bytes += chunk;
    return true;
  }));
  return bytes;
}

void confine(Response& response) {
  response.with("X-Content-Type-Options", "nosniff");
  response.with("Content-Security-Policy", "sandbox; default-src 'none'");
  response.with("Cross-Origin-Resource-Policy", "same-origin");
}

void refuse_type(Call& call, std::string_view sentence) {
  call.refuse(415, "unsupported_media_type", "不支持这种文件", sentence);
}

json::value schema_of_attached() {
  const json::object id{{"type", "string"}, {"format", "uuid"}}, text{{"type", "string"}};
  return json::object{{"type", "object"},
                      {"additionalProperties", false},
                      {"properties", json::object{{"id", id},
                                                  {"number", text},
                                                  {"version", json::object{{"type", "integer"}, {"minimum", 0}}},
                                                  {"state", text},
                                                  {"open", json::object{{"type", "boolean"}}},
                                                  {"document", id}}},
                      {"required", json::array{"id", "document"}}};
}

}  // namespace

static void keep_document(Api::Impl& api, const CallPtr& call, const Id& case_id, engine::Request::Document document) {
  engine::Request request;
  const Id id = document.document;
  request.what = std::move(document);
  request.case_id = case_id;
  request.actor = call->actor();
  api.submit(call, std::move(request), 201, [id](const engine::Accepted& accepted) {
    json::object body{{"id", to_text(accepted.case_id)}, {"number", accepted.number}, {"version", accepted.version}};
    if (accepted.state) {
      body["state"] = accepted.state->state;
      body["open"] = accepted.state->open();
    }
    body["document"] = to_text(id);
    return body;
  });
}

// On the thread for pictures. The file as it came is removed in every case.
static void keep_picture(Api::Impl& api, const CallPtr& call, const Id& case_id, const DocumentSink& sink,
                         engine::Request::Document document) {
  const store::Attachments& attachments = *api.parts.attachments;
  Result<facility::Image> clean = fail(Trouble::io, "not read");
  {
    const auto bytes = read_whole(attachments, sink.id(), sink.key());
    (void)attachments.remove(sink.id());  // what stays behind is found by the search for unreferenced files
    if (!bytes.ok()) return call->refuse(bytes.error());
    clean = facility::clean_image(*bytes);
  }
  if (!clean.ok() && clean.error().trouble == Trouble::invalid_input)
    return call->refuse(422, "bad_picture", "照片不能用", clean.error().message);
  if (!clean.ok()) return call->refuse(clean.error());
  document.document = make_id(call->now);
  auto writer = attachments.begin(document.document, sink.key());
  if (!writer.ok()) return call->refuse(writer.error());
  if (const auto added = (*writer)->add(clean->bytes); !added.ok()) return call->refuse(added.error());
  const auto stored = (*writer)->finish();
  if (!stored.ok()) return call->refuse(stored.error());
  document.media_type = facility::media_type_of(clean->type);
  document.bytes = stored->bytes;
  document.stored_hash = stored->hash;
  keep_document(api, call, case_id, std::move(document));
}

static void file_document(Api::Impl& api, const CallPtr& call) {
  const auto sink = std::dynamic_pointer_cast<DocumentSink>(call->request.body_sink);
  if (!sink) return call->refuse(400, "empty_upload", "没有收到文件", "请选择文件后再上传。");
  const auto registers = api.parts.engine->registers();
  const auto state = api.visible_case(*call, *registers);
  if (!state) return;
  const auto header = call->request.find_header("X-File-Name");
  std::string name = header ? percent_decoded(*header) : "附件";
  if (!is_valid_utf8(name) || count_characters(name) > 200)
    return call->refuse(400, "bad_file_name", "文件名不对", "文件名最多 200 个字，用 UTF-8 百分号编码。");
  const std::string_view type = sink->media_type();
  if (type.empty()) return refuse_type(*call, is_heic(sink->head()) ? kHeic : kAllowed);
  if (!agrees(name, call->request.find_header("Content-Type").value_or(""), type)) return refuse_type(*call, kAllowed);
  const pack::CaseType& case_type = *api.parts.engine->pack_of(*state)->find_case(state->type);
  engine::Request::Document document{sink->id(), std::move(name), std::string(type), {}, 0, {}};
  if (!case_type.groups.empty()) document.group = case_type.groups.front().id;
  if (const auto group = call->request.find_query("group")) document.group = std::string(*group);
  if (!case_type.find_group(document.group))
    return call->refuse(400, "bad_group", "没有这个信息分组", "请查看办件类型的信息分组。");
  const auto stored = sink->finish();
  if (!stored.ok()) return call->refuse(stored.error());
  document.bytes = stored->bytes;
  document.stored_hash = stored->hash;
  if (!facility::image_type(sink->head())) return keep_document(api, call, state->id, std::move(document));
  const Id case_id = state->id;
  if (!api.pictures.try_post(
          [&api, call, case_id, sink, document] { keep_picture(api, call, case_id, *sink, document); })) {
    (void)api.parts.attachments->remove(sink->id());
    call->answer(busy_response());
  }
}

static void make_thumbnail(Api::Impl& api, const CallPtr& call, const Id& document, const Key& key) {
  const bool posted = api.pictures.try_post([&api, call, document, key] {
    const auto bytes = read_whole(*api.parts.attachments, document, key);
    if (!bytes.ok()) return call->refuse(bytes.error());
    auto small = facility::thumbnail(*bytes);
    if (!small.ok()) return call->refuse(404, "not_found", "没有缩略图", "这个附件没有缩略图。");
    Response response;
    response.content_type = facility::media_type_of(small->type);
    response.body = std::move(small->bytes);
    confine(response);
    call->answer(std::move(response));
  });
  if (!posted) call->answer(busy_response());
}

void Api::Impl::give_thumbnail(const CallPtr& call, const kernel::CaseState& state, const Id& document) {
  const auto key = key_of(*parts.keys, state);
  if (!key) return call->refuse(410, "erased", "已删除", "这位来电人的个人信息已依法删除，附件不能再打开。");
  make_thumbnail(*this, call, document, *key);
}

static void read_document(Api::Impl& api, const CallPtr& call) {
  const auto registers = api.parts.engine->registers();
  const auto state = api.visible_case(*call, *registers);
  if (!state) return;
  const auto id = parse_id(call->parameter("document"));
  const pack::CaseType& type = *api.parts.engine->pack_of(*state)->find_case(state->type);
  const auto groups = kernel::visible_groups(
      kernel::roles_of(call->actor(), state.get(), type, *registers, local_date(call->now)), *state, type);
  for (const auto& document : state->documents) {
    if (!id || document.document != *id || std::find(groups.begin(), groups.end(), document.group) == groups.end())
      continue;
    const auto key = key_of(*api.parts.keys, *state);
    if (!key) return call->refuse(410, "erased", "已删除", "这位来电人的个人信息已依法删除，附件不能再打开。");
    // As on the page: what needs a purpose is not given without one, and the reading is recorded first.
    const pack::Group* group = type.find_group(document.group);
    if (group && group->purpose_required && call->actor().kind != kernel::Actor::Kind::caller) {
      const auto purpose = api.purpose_of(*call);
      if (!purpose) return;
      if (purpose->empty())
        return call->refuse(403, "purpose_required", "请说明查阅目的",
                            "查看“" + group->title + "”中的附件须在 X-Purpose 中说明目的，并留下记录。");
      const auto kept = api.record_reading(*call, state->id, *purpose, "document:" + to_text(*id));
      if (!kept.ok()) return call->refuse(kept.error());
    }
    if (const auto size = call->request.find_query("size")) {
      if (*size != "thumb") return call->refuse(400, "bad_query", "查询条件不对", "查询条件 size 不对：应为 thumb。");
      if (!document.media_type.starts_with("image/"))
        return call->refuse(404, "not_found", "没有缩略图", "这个附件没有缩略图。");
      return make_thumbnail(api, call, *id, *key);
    }
    auto bytes = read_whole(*api.parts.attachments, *id, *key);
    if (!bytes.ok()) return call->refuse(bytes.error());
    Response response;
    response.content_type = document.media_type;
    response.body = std::move(*bytes);
    response.with("Content-Disposition", "attachment");
    confine(response);
    return call->answer(std::move(response));
  }
  call->refuse(404, "not_found", "没有找到", "没有这个附件，或者您无权查看。");
}

BodyPlan Api::Impl::plan_body(const Request& head) {
  BodyPlan plan{.max_bytes = 1024 * 1024};
  const auto& s = head.segments;
  const bool upload =
      head.method == Method::post && s.size() == 5 && s[0] == "api" && s[2] == "cases" && s[4] == "documents";
  if (!upload) return plan;
  plan.max_bytes = store::kMostAttachmentBytes;
  const auto refuse = [&](int status, std::string_view code, std::string_view title, std::string_view detail) {
    plan.refusal = std::make_shared<Response>(problem(status, code, title, detail));
    return plan;
  };
  bool by_cookie = false;
  const std::string secret = secret_of(head, by_cookie);
  const Instant now = parts.engine->now();
  const auto session = parts.accounts->find_session(secret, now);
  if (!session) return refuse(401, "sign_in", "请先登录", "请先登录，再上传。");
  if (by_cookie && !is_confirmed(head, *session))
    return refuse(403, "csrf", "请刷新页面", "这次提交缺少页面的校验码。请刷新页面后重新提交。");
  const auto id = parse_id(s[3]);
  const auto state = id && covers(*session, *id) ? parts.engine->load(*id) : nullptr;
  kernel::Actor actor{
      .kind = session->kind == Session::Kind::caller ? kernel::Actor::Kind::caller : kernel::Actor::Kind::staff,
      .person = session->person};
  if (!state || !may_see(actor, *state, *parts.engine->registers(), now))
    return refuse(404, "not_found", "没有找到", "没有找到这个办件，或者您无权查看。上传附件请用办件的 id。");
  const pack::Pack* pack = parts.engine->pack_of(*state);
  const pack::CaseType* type = pack ? pack->find_case(state->type) : nullptr;
  if (const auto full = type ? kernel::refuse_document(*state, *type, actor.kind) : std::nullopt)
    return refuse(422, "requirement_failed", "不符合条件", full->sentence + full->instead);
  const auto key = key_of(*parts.keys, *state);
  if (!key || !parts.attachments) return refuse(410, "erased", "已删除", "这位来电人的个人信息已删除，不能再上传。");
  const Id document = make_id(now);
  auto writer = parts.attachments->begin(document, *key);
  if (!writer.ok())
    return refuse(507, "no_space", "存储空间不足", "存储空间不足，现在不能上传。请稍后再试，并告知系统管理员。");
  plan.sink = std::make_shared<DocumentSink>(document, *key, std::move(writer).value());
  return plan;
}

void Api::Impl::add_document_routes() {
  add({.method = Method::post,
       .path = "/api/v1/cases/{id}/documents",
       .operation = "attachDocument",
       .summary = "Attaches a file of at most 20 MB; its name in X-File-Name. Of a photograph only the pixels are kept",
       .tag = "cases",
       .access = Access::caller_or_staff,
       .handle = bind(file_document),
       .query = {{"group", "string", "visibility group"}},
       .result = schema_of_attached(),
       .status = 201,
       .upload = true,
       .refusals = {400, 404, 410, 413, 415, 422, 503, 507}});
  add({.method = Method::get,
       .path = "/api/v1/cases/{id}/documents/{document}",
       .operation = "getDocument",
       .summary = "An attached file, or a small picture of it",
       .tag = "cases",
       .access = Access::caller_or_staff,
       .handle = bind(read_document),
       .query = {{"size", "string", "thumb: a JPEG of at most 320 pixels, of a photograph"}},
       .media_type = "application/octet-stream",
       .refusals = {400, 403, 404, 410, 503, 507}});
}

}  // namespace tongban::http
