#include "http/coding.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>

namespace tongban::http {
namespace {

std::string header(const Response& response, std::string_view name) {
  const auto found = std::find_if(response.headers.begin(), response.headers.end(),
                                  [&](const auto& field) { return equals_ignoring_case(field.name, name); });
  return found == response.headers.end() ? "" : found->value;
}

std::string unpacked(const std::string& bytes) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 16 + MAX_WBITS), Z_OK);
  std::string out(100'000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

std::string long_text() {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "{\"number\":" + std::to_string(i) + "},";
  return text;
}

Response answer_to(std::string_view accepted, Response response, Method method = Method::get) {
  Request request;
  request.method = method;
  if (!accepted.empty()) request.headers.add("Accept-Encoding", accepted);
  compress(request, response);
  return response;
}
Response of(std::string body, int status = 200) {
  Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

TEST(Compress, a_long_answer_becomes_shorter_and_comes_back_whole) {
  const Response packed = answer_to("gzip, br", of(long_text()));
  EXPECT_EQ(header(packed, "Content-Encoding"), "gzip");
  EXPECT_EQ(header(packed, "Vary"), "Accept-Encoding");
  EXPECT_LT(packed.body.size(), long_text().size() / 2);
  EXPECT_EQ(unpacked(packed.body), long_text());
}

TEST(Compress, who_does_not_take_gzip_gets_it_as_it_is) {
  for (const std::string_view accepted : {"", "br", "gzip;q=0", "identity"}) {
    const Response plain = answer_to(accepted, of(long_text()));
    EXPECT_EQ(plain.body, long_text()) << accepted;
    EXPECT_EQ(header(plain, "Content-Encoding"), "") << accepted;
  }
}

TEST(Compress, short_answers_refusals_changes_and_random_bytes_stay) {
  EXPECT_EQ(answer_to("gzip", of("{}")).body, "{}");
  EXPECT_EQ(answer_to("gzip", of(long_text(), 404)).body, long_text());
  EXPECT_EQ(answer_to("gzip", of(long_text()), Method::post).body, long_text());
  std::string noise(2000, '\0');
  uint32_t state = 1;
  for (char& byte : noise) byte = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  const Response kept = answer_to("gzip", of(noise));
  EXPECT_EQ(kept.body, noise);
  EXPECT_EQ(header(kept, "Content-Encoding"), "");
}

TEST(Compress, an_answer_about_one_case_or_with_a_cookie_stays) {
  for (const char* name : {"ETag", "Set-Cookie"}) {
    const Response kept = answer_to("gzip", std::move(of(long_text()).with(name, "\"v1\"")));
    EXPECT_EQ(kept.body, long_text()) << name;
    EXPECT_EQ(header(kept, "Content-Encoding"), "") << name;
  }
}

}  // namespace
}  // namespace tongban::http
