// Pages from the fixture of tests/pages, packed by the same tool as the real ones (cmake/pages.cmake). No web/ needed.
#include "http/pages.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "http/parser.h"

namespace tongban::http {
namespace {

const std::string& bundle() {
  static const std::string bytes = [] {
    std::ifstream in(TONGBAN_TEST_PAGES, std::ios::binary);
    return std::string((std::istreambuf_iterator<char>(in)), {});
  }();
  return bytes;
}

Request request_of(std::string_view target,
                   std::initializer_list<std::pair<std::string_view, std::string_view>> fields = {},
                   Method method = Method::get) {
  Request request;
  request.method = method;
  EXPECT_FALSE(parse_target(target, 16, request)) << target;
  for (const auto& [name, value] : fields) request.headers.add(name, value);
  return request;
}

std::string header(const Response& response, std::string_view name) {
  for (const auto& field : response.headers) {
    if (equals_ignoring_case(field.name, name)) return field.value;
  }
  return {};
}

class PagesTest : public ::testing::Test {
 protected:
  void SetUp() override { load(""); }
  void load(const std::string& prefix) {
    auto loaded = Pages::load(bundle(), prefix);
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    pages_ = std::move(*loaded);
  }
  Response get(std::string_view target,
               std::initializer_list<std::pair<std::string_view, std::string_view>> fields = {}) {
    const Request request = request_of(target, fields);
    EXPECT_TRUE(Pages::is_page(request)) << target;
    return pages_->answer(request);
  }
  std::unique_ptr<Pages> pages_;
};

TEST_F(PagesTest, the_root_leads_to_the_portal) {
  EXPECT_EQ(get("/").status, 302);
  EXPECT_EQ(header(get("/"), "Location"), "/portal/");
  EXPECT_EQ(header(get("/desk"), "Location"), "/desk/");
}

TEST_F(PagesTest, any_place_inside_a_page_gets_its_index) {
  const Response index = get("/desk/");
  EXPECT_EQ(index.status, 200);
  EXPECT_EQ(index.content_type, "text/html; charset=utf-8");
  EXPECT_NE(index.body.find("<title>fixture desk"), std::string::npos);
  EXPECT_EQ(header(index, "Cache-Control"), "no-cache");
  EXPECT_EQ(get("/desk/cases/2026-7?tab=story").body, index.body);
  EXPECT_EQ(get("/desk/set-up").body, index.body);
  EXPECT_NE(get("/portal/").body, index.body);
}

TEST_F(PagesTest, a_place_with_hints_of_its_own_gets_them) {
  for (const std::string_view target : {"/portal/file", "/portal/file/hotline/request?s=what"}) {
    const Response page = get(target);
    EXPECT_EQ(page.status, 200) << target;
    EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
    EXPECT_EQ(header(page, "Cache-Control"), "no-cache");
    EXPECT_NE(page.body.find("modulepreload"), std::string::npos) << target;
  }
  EXPECT_EQ(get("/portal/track").body, get("/portal/").body);
  EXPECT_EQ(get("/desk/file").body, get("/desk/").body);
  load("/city/tongban");
  EXPECT_NE(get("/portal/file").body.find("<base href=\"/city/tongban/portal/\">"), std::string::npos);
}

TEST_F(PagesTest, hashed_assets_may_be_kept_and_other_files_are_asked_for_again) {
  EXPECT_EQ(header(get("/portal/assets/main-0123abcd.js"), "Cache-Control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(get("/portal/assets/main-0123abcd.css").content_type, "text/css; charset=utf-8");
  EXPECT_EQ(header(get("/portal/icon.svg"), "Cache-Control"), "no-cache");
}

TEST_F(PagesTest, unknown_files_are_404_and_never_the_index) {
  for (const std::string_view target :
       {"/portal/assets/main-ffffffff.js", "/portal/assets/", "/desk/assets/x", "/desk/icon.svg", "/portal/index.php",
        "/portal/assets/main-0123abcd.js/", "/desk/.env"}) {
    const Response response = get(target);
    EXPECT_EQ(response.status, 404) << target;
    EXPECT_EQ(response.content_type, "application/problem+json") << target;
  }
}

TEST_F(PagesTest, no_path_leads_out_of_the_pages) {
  for (const std::string_view target :
       {"/portal/%2e%2e/desk/index.html", "/portal/..%2f..%2fetc%2fpasswd", "/portal/assets/..%2findex.html",
        "/portal/assets%2fmain-0123abcd.js", "/portal//etc/passwd.txt", "/portal/assets/%2e%2e/index.html"}) {
    Request request;
    if (parse_target(target, 16, request)) continue;  // refused before any page is asked
    const Response response = pages_->answer(request);
    const bool is_index = response.status == 200 && response.body.find("<title>fixture portal") != std::string::npos;
    EXPECT_TRUE(response.status == 404 || (is_index && request.segments.back().find('.') == std::string::npos))
        << target;
  }
}

TEST_F(PagesTest, the_best_compressed_form_that_the_client_takes_is_sent) {
  const auto coding = [&](std::string_view accepted) {
    return header(get("/portal/assets/main-0123abcd.js", {{"Accept-Encoding", accepted}}), "Content-Encoding");
  };
  EXPECT_EQ(coding("gzip, deflate, br"), "br");
  EXPECT_EQ(coding("gzip;q=0.5"), "gzip");
  EXPECT_EQ(coding("br;q=0, gzip"), "gzip");
  EXPECT_EQ(coding("br; q=0.0, identity"), "");
  EXPECT_EQ(coding("brotli"), "");
  const Response plain = get("/portal/assets/main-0123abcd.js");
  const Response packed = get("/portal/assets/main-0123abcd.js", {{"Accept-Encoding", "br"}});
  EXPECT_LT(packed.body.size(), plain.body.size());
  EXPECT_EQ(header(packed, "Vary"), "Accept-Encoding");
  EXPECT_EQ(header(plain, "Vary"), "Accept-Encoding");
  EXPECT_NE(header(packed, "ETag"), header(plain, "ETag"));
  // The small style sheet has no smaller form.
  EXPECT_EQ(header(get("/portal/assets/main-0123abcd.css", {{"Accept-Encoding", "br"}}), "Content-Encoding"), "");
}

TEST_F(PagesTest, what_the_client_has_is_not_sent_again) {
  const std::string tag = header(get("/portal/"), "ETag");
  ASSERT_FALSE(tag.empty());
  for (const std::string& known : {tag, "W/" + tag, "\"other\", " + tag, std::string("*")}) {
    const Response response = get("/portal/", {{"If-None-Match", known}});
    EXPECT_EQ(response.status, 304) << known;
    EXPECT_EQ(response.body, "") << known;
    EXPECT_EQ(header(response, "ETag"), tag);
  }
  EXPECT_EQ(get("/portal/", {{"If-None-Match", "\"other\""}}).status, 200);
  // The tag of one form does not stand for another.
  EXPECT_EQ(get("/portal/", {{"If-None-Match", tag}, {"Accept-Encoding", "br"}}).status, 200);
}

TEST_F(PagesTest, every_page_is_confined) {
  for (const std::string_view target : {"/portal/", "/desk/", "/portal/assets/main-0123abcd.js", "/portal/icon.svg"}) {
    const Response response = get(target);
    EXPECT_EQ(header(response, "Content-Security-Policy"), kPagePolicy) << target;
    EXPECT_EQ(header(response, "X-Content-Type-Options"), "nosniff") << target;
    EXPECT_EQ(header(response, "Referrer-Policy"), "no-referrer") << target;
    EXPECT_EQ(header(response, "Cross-Origin-Opener-Policy"), "same-origin") << target;
    EXPECT_FALSE(header(response, "Permissions-Policy").empty()) << target;
  }
  EXPECT_EQ(kPagePolicy.find("unsafe"), std::string_view::npos);
}

TEST_F(PagesTest, pages_are_only_read) {
  EXPECT_EQ(pages_->answer(request_of("/portal/", {}, Method::head)).status, 200);
  const Response response = pages_->answer(request_of("/portal/", {}, Method::post));
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(header(response, "Allow"), "GET, HEAD");
}

TEST_F(PagesTest, a_prefix_goes_into_the_base_and_into_redirects) {
  load("/city/tongban");
  const Response index = get("/portal/", {{"Accept-Encoding", "br"}});
  EXPECT_NE(index.body.find("<base href=\"/city/tongban/portal/\">"), std::string::npos) << index.body;
  EXPECT_EQ(header(get("/"), "Location"), "/city/tongban/portal/");
  EXPECT_EQ(header(get("/portal/assets/main-0123abcd.js", {{"Accept-Encoding", "br"}}), "Content-Encoding"), "br");
}

TEST_F(PagesTest, other_addresses_are_not_the_pages_business) {
  for (const std::string_view target : {"/api/v1/packs", "/healthz", "/openapi.json", "/portals/"})
    EXPECT_FALSE(Pages::is_page(request_of(target))) << target;
}

TEST(PagesBundle, a_program_without_pages_says_so) {
  const auto pages = Pages::load("TBPAGES1\n\n", "");
  ASSERT_TRUE(pages.ok());
  EXPECT_TRUE((*pages)->empty());
  const Response response = (*pages)->answer(request_of("/desk/"));
  EXPECT_EQ(response.status, 404);
  EXPECT_NE(response.body.find("no_pages"), std::string::npos);
}

TEST(PagesBundle, a_damaged_bundle_is_refused) {
  EXPECT_FALSE(Pages::load("", "").ok());
  EXPECT_FALSE(Pages::load("PNG", "").ok());
  EXPECT_FALSE(Pages::load(std::string_view(bundle()).substr(0, bundle().size() - 100), "").ok());
  EXPECT_FALSE(Pages::load("TBPAGES1\na\tb\tc\td\n\n", "").ok());
  static const std::string huge = "TBPAGES1\na\tb\t" + std::string(64, '0') + "\t18446744073709551615\t1\t1\n\n";
  EXPECT_FALSE(Pages::load(huge, "").ok());
}

TEST(Prefix, is_a_plain_path_or_nothing) {
  for (const std::string_view good : {"", "/tongban", "/a/b-c.d_e~f"}) EXPECT_EQ(prefix_fault(good), "") << good;
  for (const std::string_view bad : {"tongban", "/", "/a/", "//a", "/a/../b", "/a b", "/a\"b", "/a%20"})
    EXPECT_NE(prefix_fault(bad), "") << bad;
}

}  // namespace
}  // namespace tongban::http
