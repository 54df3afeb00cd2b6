// The built pages that the program carries, and how they are served: /portal/… and /desk/…, each one index.html with
// assets beside it. Everything is in memory and found by its exact path, so no path leads out of it. A path without a
// file name ("/desk/cases/7") is a place inside a page and gets index.html, or cases.html where the build made one (the
// same page with hints of what this place loads); a file that is not there is 404.
//
// Files in assets/ carry a hash in their names and may be kept for ever; the pages are asked for each time (ETag, 304).
// Compressed forms were made at build time. Every answer carries the headers that confine a page: no foreign or inline
// script, no frame around it, no referrer, no sniffing.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/server.h"

namespace tongban::http {

class Pages {
 public:
  // `bundle` is what tools/embed_pages made; it must live for ever. `prefix` is "" or as check_prefix says; it goes
  // into <base href="/portal/"> of each page. Failure: corrupt.
  static Result<std::unique_ptr<Pages>> load(std::string_view bundle, const std::string& prefix);

  // Whether the path is one of the pages' ("/", "/portal…", "/desk…"): then answer() speaks for it.
  static bool is_page(const Request& request);
  // Never blocks.
  Response answer(const Request& request) const;
  bool empty() const { return files_.empty(); }

 private:
  struct File {
    std::string_view type, bytes, brotli, gzip;
    std::string tag;    // without quotes
    std::string owned;  // of a page with a changed base
    bool immutable = false;
  };
  Response serve(const Request& request, const File& file) const;
  std::map<std::string, File, std::less<>> files_;  // "portal/assets/main-1a2b3c4d.js"
  std::string prefix_;
};

// The bundle of the build (cmake/pages.cmake); without pages when they were not built. Linked by the program only.
std::string_view embedded_pages();

// What is wrong with a prefix; "" when it is "" or like "/tongban" or "/city/tongban".
std::string prefix_fault(std::string_view prefix);

// The headers of every page; exported for tests.
inline constexpr std::string_view kPagePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

}  // namespace tongban::http
