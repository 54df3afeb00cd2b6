#include "http/parser.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/text.h"

namespace tongban::http {
namespace {

constexpr size_t kMaxLeadingLineBreaks = 2;  // some old clients send one after a body
constexpr size_t kMaxChunkOverhead = 16 * 1024;

constexpr std::array<bool, 256> make_token_table() {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[c] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[c] = table[c - 'a' + 'A'] = true;
  for (const char c : {'!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~'}) table[c] = true;
  return table;
}
constexpr auto kTokenTable = make_token_table();

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return kTokenTable[c]; });
}

bool has_control(std::string_view text) {  // a tab is none
  bool found = false;
  for (const unsigned char c : text) found |= (c < 0x20 && c != '\t') || c == 0x7f;
  return found;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::optional<uint64_t> parse_length(std::string_view text) {
  if (text.empty() || text.size() > 18) return std::nullopt;
  uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<uint64_t>(c - '0');
  }
  return value;
}

std::optional<Method> parse_method(std::string_view text) {
  switch (text.size()) {
    case 3:
      if (text == "GET") return Method::get;
      if (text == "PUT") return Method::put;
      break;
    case 4:
      if (text == "POST") return Method::post;
      if (text == "HEAD") return Method::head;
      break;
    case 5:
      if (text == "PATCH") return Method::patch;
      break;
    case 6:
      if (text == "DELETE") return Method::remove;
      break;
    case 7:
      if (text == "OPTIONS") return Method::options;
      break;
    default:
      break;
  }
  return std::nullopt;
}

Refusal malformed(std::string_view detail) { return {400, "malformed_request", detail}; }

// Percent-decodes into `out`. The refusal when it is malformed, not UTF-8 or holds control characters.
std::optional<Refusal> decode(std::string_view text, bool plus_is_space, std::string& out) {
  out.clear();
  if (text.find_first_of(plus_is_space ? "%+" : "%") ==
      std::string_view::npos) {  // nothing above 0x7e stands in a target
    out = text;
    return std::nullopt;
  }
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
      if (high < 0 || low < 0) return malformed("地址里的百分号后面应是两位十六进制数字。");
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) return malformed("地址里有控制字符。");
    out += c;
  }
  if (!is_valid_utf8(out)) return malformed("地址不是有效的 UTF-8 编码。请用 UTF-8 编码。");
  return std::nullopt;
}

// The fields that decide where the body ends and whether the connection goes on.
struct SeenFields {
  int hosts = 0, lengths = 0, encodings = 0;
  bool close = false, keep_alive = false;
  std::string_view host;
};

std::optional<Refusal> note_field(std::string_view name, std::string_view value, SeenFields& seen, Framing& framing) {
  switch (name.size()) {
    case 4:
      if (equals_ignoring_case(name, "host")) {
        ++seen.hosts;
        seen.host = value;
        if (value.find_first_of(" \t/?#@\\,") != std::string_view::npos) return malformed("Host 字段格式不对。");
      }
      break;
    case 6:
      if (equals_ignoring_case(name, "expect")) {
        if (!equals_ignoring_case(value, "100-continue"))
          return Refusal{417, "expectation_failed", "Expect 字段只支持 100-continue。"};
        framing.expects_continue = true;
      }
      break;
    case 10:
      if (equals_ignoring_case(name, "connection")) {
        while (!value.empty()) {
          const size_t comma = std::min(value.find(','), value.size());
          const std::string_view option = trim_blanks(value.substr(0, comma));
          if (equals_ignoring_case(option, "close")) seen.close = true;
          if (equals_ignoring_case(option, "keep-alive")) seen.keep_alive = true;
          value.remove_prefix(std::min(comma + 1, value.size()));
        }
      }
      break;
    case 14:
      if (equals_ignoring_case(name, "content-length")) {
        if (++seen.lengths > 1) return malformed("Content-Length 不止一个。");
        framing.content_length = parse_length(value);
        if (!framing.content_length) return malformed("Content-Length 不是一个整数。");
      }
      break;
    case 17:
      if (equals_ignoring_case(name, "transfer-encoding")) {
        if (++seen.encodings > 1) return malformed("Transfer-Encoding 不止一个。");
        if (!equals_ignoring_case(value, "chunked"))
          return Refusal{501, "transfer_encoding_unknown", "传输编码只支持 chunked。"};
        framing.is_chunked = true;
      }
      break;
    default:
      break;
  }
  return std::nullopt;
}

std::optional<Refusal> check_fields(const SeenFields& seen, Framing& framing) {
  if (seen.lengths && seen.encodings) return malformed("Content-Length 和 Transfer-Encoding 不能同时出现。");
  if (seen.encodings && framing.is_http_1_0) return malformed("HTTP/1.0 没有 Transfer-Encoding。");
  if (seen.hosts > 1 || (seen.hosts == 0 && !framing.is_http_1_0)) return malformed("Host 字段应有且只有一个。");
  framing.keep_alive = !seen.close && (!framing.is_http_1_0 || seen.keep_alive);
  // An HTTP/1.0 client does not understand the interim answer.
  if (framing.is_http_1_0) framing.expects_continue = false;
  return std::nullopt;
}

struct RequestLine {
  std::string_view target;     // origin form
  std::string_view authority;  // of the absolute form
};

std::optional<Refusal> parse_request_line(std::string_view line, const HeadLimits& limits, RequestLine& result,
                                          Request& request, Framing& framing) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return malformed("请求行不完整。");
  const std::string_view method = line.substr(0, first);
  std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (!is_token(method)) return malformed("请求方法格式不对。");
  if (target.size() > limits.max_target_bytes)
    return Refusal{414, "target_too_long", "地址太长。请缩短查询条件，或者把内容放在正文里提交。"};
  for (const unsigned char c : target) {
    if (c <= 0x20 || c >= 0x7f || c == '#' || c == '\\') return malformed("地址里有必须用百分号编码的字符。");
  }
  if (version == "HTTP/1.0") {
    framing.is_http_1_0 = true;
  } else if (version != "HTTP/1.1") {
    if (version.size() == 8 && version.starts_with("HTTP/") && hex_value(version[5]) >= 0 && version[6] == '.')
      return Refusal{505, "version_unknown", "这里只支持 HTTP/1.1。"};
    return malformed("请求行末尾应是 HTTP 版本。");
  }
  const auto known = parse_method(method);
  if (!known) return Refusal{501, "method_unknown", "不支持这种请求方法。请查看 /openapi.json。"};
  request.method = *known;
  if (target.empty()) return malformed("地址应以斜线开头。");
  if (target.front() != '/') {
    const size_t scheme = equals_ignoring_case(target.substr(0, 7), "http://")    ? 7
                          : equals_ignoring_case(target.substr(0, 8), "https://") ? 8
                                                                                  : 0;
    if (scheme == 0) return malformed("地址应以斜线开头。");
    const size_t end = std::min(target.find_first_of("/?", scheme), target.size());
    result.authority = target.substr(scheme, end - scheme);
    if (result.authority.empty()) return malformed("地址里没有主机名。");
    target.remove_prefix(end);
  }
  result.target = target;
  return std::nullopt;
}

// What can be said before the head is complete, so that nobody waits for a timeout without need.
Parse judge_incomplete(std::string_view bytes, size_t scanned, const HeadLimits& limits, Refusal& refusal) {
  if (!bytes.empty() && !kTokenTable[static_cast<unsigned char>(bytes[0])] && bytes[0] != '\r') {
    refusal = malformed("收到的不是 HTTP 请求。");
    return Parse::refused;
  }
  for (size_t i = bytes.find('\n', scanned); i != std::string_view::npos; i = bytes.find('\n', i + 1)) {
    if (i == 0 || bytes[i - 1] != '\r') {
      refusal = malformed("每行应以 CR LF 结尾。");
      return Parse::refused;
    }
  }
  const bool in_first_line = bytes.find('\n') == std::string_view::npos;
  if (in_first_line && bytes.size() > limits.max_target_bytes + 32) {
    refusal = {414, "target_too_long", "地址太长。请缩短查询条件，或者把内容放在正文里提交。"};
    return Parse::refused;
  }
  if (bytes.size() > limits.max_header_bytes) {
    refusal = {431, "header_too_large", "请求头太大。请清除本站的 Cookie 后再试。"};
    return Parse::refused;
  }
  return Parse::need_more;
}

std::optional<Refusal> parse_fields(std::string_view block, const HeadLimits& limits, SeenFields& seen,
                                    Request& request, Framing& framing) {
  size_t count = 0;
  while (!block.empty()) {
    const size_t end = block.find('\n');  // the block ends with one
    if (end == 0 || block[end - 1] != '\r') return malformed("每行应以 CR LF 结尾。");
    const std::string_view line = block.substr(0, end - 1);
    block.remove_prefix(end + 1);
    if (line.front() == ' ' || line.front() == '\t') return malformed("不接受折行的字段。");
    if (has_control(line)) return malformed("请求头里有控制字符。");
    if (++count > limits.max_header_count) return Refusal{431, "too_many_headers", "请求头的字段太多。"};
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
      return malformed("有一个字段没有正确的名称。");
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trim_blanks(line.substr(colon + 1));
    if (auto refused = note_field(name, value, seen, framing)) return refused;
    request.headers.add(name, value);
  }
  return std::nullopt;
}

}  // namespace

Parse parse_head(std::string_view bytes, const HeadLimits& limits, size_t& scanned, size_t& consumed, Request& request,
                 Framing& framing, Refusal& refusal) {
  size_t start = 0;
  while (start < 2 * kMaxLeadingLineBreaks && bytes.substr(start).starts_with("\r\n")) start += 2;
  const std::string_view text = bytes.substr(start);
  const size_t from = scanned > start + 3 ? scanned - start - 3 : 0;
  const size_t end = text.find("\r\n\r\n", from);
  if (end == std::string_view::npos) {
    const Parse judged = judge_incomplete(text, from, limits, refusal);
    scanned = bytes.size();
    return judged;
  }
  const auto refuse = [&refusal](const Refusal& why) {
    refusal = why;
    return Parse::refused;
  };
  if (end + 4 > limits.max_header_bytes) {
    if (text.find("\r\n") > limits.max_target_bytes + 32)
      return refuse({414, "target_too_long", "地址太长。请缩短查询条件，或者把内容放在正文里提交。"});
    return refuse({431, "header_too_large", "请求头太大。请清除本站的 Cookie 后再试。"});
  }
  framing = Framing{};
  request.headers.clear();
  const size_t line_end = text.find('\n');  // there is one
  const std::string_view line = text.substr(0, line_end - (line_end > 0 && text[line_end - 1] == '\r' ? 1 : 0));
  if (line.size() == line_end) return refuse(malformed("每行应以 CR LF 结尾。"));
  if (line.find('\t') != std::string_view::npos || has_control(line)) return refuse(malformed("请求头里有控制字符。"));
  RequestLine request_line;
  if (auto refused = parse_request_line(line, limits, request_line, request, framing)) return refuse(*refused);
  SeenFields seen;
  const std::string_view block = text.substr(line_end + 1, end + 2 - (line_end + 1));
  if (auto refused = parse_fields(block, limits, seen, request, framing)) return refuse(*refused);
  if (auto refused = check_fields(seen, framing)) return refuse(*refused);
  if (!request_line.authority.empty() && seen.hosts == 1 && !equals_ignoring_case(request_line.authority, seen.host))
    return refuse(malformed("地址和 Host 字段的主机名不一致。"));
  if (auto refused = parse_target(request_line.target, limits.max_query_pairs, request)) return refuse(*refused);
  consumed = start + end + 4;
  return Parse::done;
}

std::optional<Refusal> parse_target(std::string_view target, size_t max_query_pairs, Request& request) {
  const size_t mark = std::min(target.find('?'), target.size());
  std::string_view path = target.substr(0, mark);
  std::string_view query = target.substr(std::min(mark + 1, target.size()));
  request.path = path.empty() ? "/" : path;
  request.raw_query = query;
  request.segments.clear();
  request.query.clear();
  path = request.path;
  path.remove_prefix(1);
  while (!path.empty()) {
    const size_t slash = path.find('/');
    std::string& segment = request.segments.emplace_back();
    if (auto refused = decode(path.substr(0, slash), false, segment)) return refused;
    if (segment == "." || segment == "..") return malformed("地址里不能有 . 或 .. 这样的部分。");
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
    if (path.empty()) request.segments.emplace_back();
  }
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    if (request.query.size() >= max_query_pairs) return malformed("查询条件太多。请减少后再试。");
    auto& [name, value] = request.query.emplace_back();
    const size_t equals = std::min(pair.find('='), pair.size());
    if (auto refused = decode(pair.substr(0, equals), true, name)) return refused;
    if (auto refused = decode(pair.substr(std::min(equals + 1, pair.size())), true, value)) return refused;
  }
  return std::nullopt;
}

Parse ChunkDecoder::feed(std::string_view in, size_t& consumed, std::string& out) {
  for (consumed = 0; consumed < in.size();) {
    if (state_ == State::data) {
      const size_t n = static_cast<size_t>(std::min<uint64_t>(left_, in.size() - consumed));
      out.append(in.substr(consumed, n));
      consumed += n;
      left_ -= n;
      if (left_ == 0) state_ = State::data_cr;
      continue;
    }
    const char c = in[consumed++];
    const bool is_text = c == '\t' || static_cast<unsigned char>(c) >= 0x20;
    switch (state_) {
      case State::size: {
        const int value = hex_value(c);
        if (value >= 0) {
          if (++digits_ > 15) return Parse::refused;
          left_ = left_ * 16 + static_cast<uint64_t>(value);
        } else if (digits_ == 0) {
          return Parse::refused;
        } else if (c == '\r') {
          state_ = State::size_lf;
        } else if (c == ';') {
          state_ = State::extension;
        } else {
          return Parse::refused;
        }
        break;
      }
      case State::extension:
        if (c == '\r')
          state_ = State::size_lf;
        else if (!is_text || c == 0x7f || ++overhead_ > kMaxChunkOverhead)
          return Parse::refused;
        break;
      case State::size_lf:
        if (c != '\n') return Parse::refused;
        state_ = left_ == 0 ? State::trailer : State::data;
        digits_ = 0;
        break;
      case State::data_cr:
        if (c != '\r') return Parse::refused;
        state_ = State::data_lf;
        break;
      case State::data_lf:
        if (c != '\n') return Parse::refused;
        state_ = State::size;
        break;
      case State::trailer:
        if (c == '\r') {
          state_ = State::end_lf;
          break;
        }
        if (!kTokenTable[static_cast<unsigned char>(c)]) return Parse::refused;
        state_ = State::trailer_line;
        break;
      case State::trailer_line:
        if (c == '\r')
          state_ = State::trailer_lf;
        else if (!is_text || c == 0x7f || ++overhead_ > kMaxChunkOverhead)
          return Parse::refused;
        break;
      case State::trailer_lf:
        if (c != '\n') return Parse::refused;
        if (++overhead_ > kMaxChunkOverhead) return Parse::refused;
        state_ = State::trailer;
        break;
      case State::end_lf:
        return c == '\n' ? Parse::done : Parse::refused;
      case State::data:
        break;  // above
    }
  }
  return Parse::need_more;
}

}  // namespace tongban::http
