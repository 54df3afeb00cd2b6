#include "http/message.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/json.h"

namespace tongban::http {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

class FileSource : public BodySource {
 public:
  explicit FileSource(int file) : file_(file) {}
  FileSource(const FileSource&) = delete;
  ~FileSource() override { ::close(file_); }
  void set_size(uint64_t size) { left_ = size; }

  Result<void> read(std::string& out, size_t room) override {
    const size_t wanted = static_cast<size_t>(std::min<uint64_t>(room, left_));
    if (wanted == 0) return {};
    const size_t before = out.size();
    out.resize(before + wanted);
    ssize_t got;
    do got = ::read(file_, out.data() + before, wanted);
    while (got < 0 && errno == EINTR);
    const int error = errno;
    out.resize(before + static_cast<size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0) return fail(Trouble::io, std::string("read of a file for an answer: ") + std::strerror(error));
    if (got == 0) return fail(Trouble::io, "A file for an answer became shorter while it was sent.");
    left_ -= static_cast<uint64_t>(got);
    return {};
  }

 private:
  int file_;
  uint64_t left_ = 0;
};

}  // namespace

std::string_view to_text(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::head:
      return "HEAD";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::patch:
      return "PATCH";
    case Method::remove:
      return "DELETE";
    case Method::options:
      return "OPTIONS";
  }
  return "GET";
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 423:
      return "Locked";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    case 507:
      return "Insufficient Storage";
    default:
      return "Status";
  }
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (size_t i = 0; i < entries_.size(); ++i) {
    const auto [entry_name, value] = at(i);
    if (equals_ignoring_case(entry_name, name)) return value;
  }
  return std::nullopt;
}

size_t Headers::count(std::string_view name) const {
  size_t n = 0;
  for (size_t i = 0; i < entries_.size(); ++i) n += equals_ignoring_case(at(i).first, name) ? 1 : 0;
  return n;
}

std::pair<std::string_view, std::string_view> Headers::at(size_t index) const {
  const Entry& entry = entries_[index];
  const std::string_view bytes = bytes_;
  return {bytes.substr(entry.name_at, entry.name_size), bytes.substr(entry.value_at, entry.value_size)};
}

void Headers::add(std::string_view name, std::string_view value) {
  if (entries_.empty()) {
    entries_.reserve(12);
    bytes_.reserve(480);
  }
  const auto name_at = static_cast<uint32_t>(bytes_.size());
  bytes_ += name;
  const auto value_at = static_cast<uint32_t>(bytes_.size());
  bytes_ += value;
  entries_.push_back({name_at, static_cast<uint32_t>(name.size()), value_at, static_cast<uint32_t>(value.size())});
}

void Headers::clear() {
  bytes_.clear();
  entries_.clear();
}

std::optional<std::string_view> Request::find_query(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::optional<std::string_view> Request::find_cookie(std::string_view name) const {
  for (size_t i = 0; i < headers.size(); ++i) {
    auto [field, text] = headers.at(i);
    if (!equals_ignoring_case(field, "cookie")) continue;
    while (!text.empty()) {
      const size_t end = std::min(text.find(';'), text.size());
      std::string_view pair = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      while (pair.starts_with(' ')) pair.remove_prefix(1);
      const size_t equals = pair.find('=');
      if (equals != std::string_view::npos && pair.substr(0, equals) == name) return pair.substr(equals + 1);
    }
  }
  return std::nullopt;
}

Response problem(int status, std::string_view code, std::string_view title, std::string_view detail) {
  json::object body;
  body["type"] = "about:blank";
  body["status"] = status;
  body["code"] = code;
  body["title"] = title;
  body["detail"] = detail;
  Response response;
  response.status = status;
  response.content_type = "application/problem+json";
  response.headers.push_back({"Cache-Control", "no-store"});
  response.body = to_json_text(body);
  return response;
}

Response busy_response() {
  return problem(503, "busy", "系统繁忙", "现在办理的人太多，请过几秒再试。").with("Retry-After", "2");
}

Result<FileBody> open_file_body(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return fail(errno == ENOENT ? Trouble::not_found : Trouble::io, "open " + path + ": " + std::strerror(errno));
  auto source = std::make_unique<FileSource>(file);  // closes the file in every case
  struct stat status {};
  if (::fstat(file, &status) != 0) return fail(Trouble::io, "fstat " + path + ": " + std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return fail(Trouble::not_found, path + " is not a file.");
  const auto size = static_cast<uint64_t>(status.st_size);
  source->set_size(size);
  return FileBody{std::move(source), size};
}

}  // namespace tongban::http
