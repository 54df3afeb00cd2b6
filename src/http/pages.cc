#include "http/pages.h"

#include <algorithm>
#include <charconv>

#include "base/crypto.h"
#include "base/text.h"
#include "http/coding.h"

namespace tongban::http {
namespace {

constexpr std::string_view kMagic = "TBPAGES1\n";
constexpr size_t kTagCharacters = 24;

Error damaged() { return {Trouble::corrupt, "The pages in the program are damaged. Build it anew."}; }

bool take_number(std::string_view text, size_t& out) {
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), out);
  return fault == std::errc() && end == text.data() + text.size();
}

// assets/main-1a2b3c4d.js: a name that changes with its contents.
bool is_hashed(std::string_view path) {
  const size_t slash = path.rfind('/');
  const size_t dash = path.rfind('-'), dot = path.rfind('.');
  return path.find("/assets/") != std::string_view::npos && dash != std::string_view::npos && dash > slash &&
         dot > dash && dot - dash > 8;
}

bool matches(std::string_view header, std::string_view tag) {
  for (std::string_view part : split(header, ',')) {
    part = trim(part);
    if (part == "*") return true;
    if (part.starts_with("W/")) part.remove_prefix(2);
    if (part == tag) return true;
  }
  return false;
}

void confine(Response& response) {
  response.with("Content-Security-Policy", std::string(kPagePolicy));
  response.with("X-Content-Type-Options", "nosniff");
  response.with("Referrer-Policy", "no-referrer");
  response.with("Permissions-Policy",
                "camera=(), microphone=(), geolocation=(), payment=(), usb=(), interest-cohort=()");
  response.with("Cross-Origin-Opener-Policy", "same-origin");
  response.with("Cross-Origin-Resource-Policy", "same-origin");
}

Response redirect(std::string to, std::string_view route) {
  Response response;
  response.status = 302;
  response.route = route;
  response.with("Location", std::move(to)).with("Cache-Control", "no-store");
  return response;
}

std::string_view route_of(std::string_view app, bool is_asset) {
  if (app == "portal") return is_asset ? "/portal/{file}" : "/portal/";
  return is_asset ? "/desk/{file}" : "/desk/";
}

}  // namespace

std::string prefix_fault(std::string_view prefix) {
  if (prefix.empty()) return {};
  static constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
  const std::string fault =
      "takes a path such as /tongban, without a slash at its end, not \"" + std::string(prefix) + "\"";
  if (prefix.size() > 200 || prefix.front() != '/') return fault;
  for (const auto part : split(prefix.substr(1), '/')) {
    if (part.empty() || part == "." || part == ".." || part.find_first_not_of(kAllowed) != std::string_view::npos)
      return fault;
  }
  return {};
}

Result<std::unique_ptr<Pages>> Pages::load(std::string_view bundle, const std::string& prefix) {
  auto pages = std::make_unique<Pages>();
  pages->prefix_ = prefix;
  const size_t end = bundle.find("\n\n");
  if (!bundle.starts_with(kMagic) || end == std::string_view::npos) return damaged();
  std::string_view bytes = bundle.substr(end + 2);
  const auto take = [&bytes](size_t size) {
    const std::string_view part = bytes.substr(0, size);
    bytes.remove_prefix(part.size());
    return part;
  };
  const size_t lines_at = kMagic.size();
  if (end < lines_at) return pages;  // no pages: the empty line follows at once
  for (const auto line : split(bundle.substr(lines_at, end - lines_at), '\n')) {
    const auto columns = split(line, '\t');
    size_t size = 0, brotli = 0, gzip = 0;
    if (columns.size() != 6 || columns[2].size() < kTagCharacters || !take_number(columns[3], size) ||
        !take_number(columns[4], brotli) || !take_number(columns[5], gzip) || size > bytes.size() ||
        brotli > bytes.size() || gzip > bytes.size() || size + brotli + gzip > bytes.size())
      return damaged();
    File file{.type = columns[1],
              .bytes = take(size),
              .brotli = take(brotli),
              .gzip = take(gzip),
              .tag = std::string(columns[2].substr(0, kTagCharacters)),
              .owned = {},
              .immutable = is_hashed(columns[0])};
    const std::string name(columns[0]);
    if (!prefix.empty() && name.ends_with(".html")) {
      const std::string base = "<base href=\"/" + name.substr(0, name.find('/')) + "/\"";
      file.owned = file.bytes;
      const size_t at = file.owned.find(base);
      if (at == std::string::npos)
        return fail(Trouble::corrupt, name + " has no " + base + ">, so it cannot be served below " + prefix + ".");
      file.owned.replace(at, base.size(), "<base href=\"" + prefix + base.substr(12));
      file.brotli = file.gzip = {};
      file.tag = to_hex(view_of(sha256(file.owned))).substr(0, kTagCharacters);
    }
    pages->files_.emplace(name, std::move(file));
  }
  return pages;
}

bool Pages::is_page(const Request& request) {
  return request.segments.empty() || request.segments[0] == "portal" || request.segments[0] == "desk";
}

Response Pages::answer(const Request& request) const {
  if (request.method != Method::get && request.method != Method::head)
    return problem(405, "method_not_allowed", "不支持这种请求方法", "这个地址只能读取。").with("Allow", "GET, HEAD");
  if (request.segments.empty()) return redirect(prefix_ + "/portal/", "/");
  const std::string& app = request.segments[0];
  if (request.segments.size() == 1) return redirect(prefix_ + "/" + app + "/", route_of(app, false));
  if (files_.empty()) {
    Response response =
        problem(404, "no_pages", "没有网页", "这个程序没有带网页，只有接口。请用 ./dev build 连同网页一起构建。");
    response.route = route_of(app, false);
    return response;
  }
  const bool is_file = request.segments[1] == "assets" || request.segments.back().find('.') != std::string::npos;
  // An encoded slash is a letter of a name, and no file has such a name.
  const bool is_odd = std::any_of(request.segments.begin(), request.segments.end(),
                                  [](const std::string& part) { return part.find('/') != std::string::npos; });
  auto found = files_.end();
  if (is_file && !is_odd) found = files_.find(join(request.segments, "/"));
  // "file.html" is index.html with hints for the places below "file".
  if (!is_file) found = files_.find(app + "/" + request.segments[1] + ".html");
  if (!is_file && found == files_.end()) found = files_.find(app + "/index.html");
  if (found == files_.end()) {
    Response response = problem(404, "not_found", "没有这个文件", "没有找到您要的文件。请刷新页面。");
    response.route = route_of(app, is_file);
    response.with("X-Content-Type-Options", "nosniff");
    return response;
  }
  Response response = serve(request, found->second);
  response.route = route_of(app, is_file);
  return response;
}

Response Pages::serve(const Request& request, const File& file) const {
  std::string_view bytes = file.owned.empty() ? file.bytes : std::string_view(file.owned);
  std::string_view coding;
  if (!file.brotli.empty() && accepts_coding(request, "br"))
    bytes = file.brotli, coding = "br";
  else if (!file.gzip.empty() && accepts_coding(request, "gzip"))
    bytes = file.gzip, coding = "gzip";
  // Each form has its own tag: they are different bytes.
  const std::string tag = "\"" + file.tag + (coding.empty() ? "" : "-" + std::string(coding)) + "\"";
  Response response;
  response.with("ETag", tag).with("Vary", "Accept-Encoding");
  response.with("Cache-Control", file.immutable ? "public, max-age=31536000, immutable" : "no-cache");
  confine(response);
  if (const auto known = request.find_header("If-None-Match"); known && matches(*known, tag)) {
    response.status = 304;
    return response;
  }
  response.content_type = file.type;
  if (!coding.empty()) response.with("Content-Encoding", std::string(coding));
  response.body = bytes;
  return response;
}

}  // namespace tongban::http
