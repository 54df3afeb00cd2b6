// What the tests of this folder share: where facts and packs are, and the editions of the pack.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "calendar/load.h"

namespace tongban::calendar {

inline std::string shared_directory() {
  const char* set = std::getenv("TONGBAN_SHARED");
  return set != nullptr ? std::string(set) : std::string(TONGBAN_SOURCE_DIR "/../shared");
}

inline std::string editions_directory() { return TONGBAN_SOURCE_DIR "/packs/china/calendar"; }

inline const Editions& editions() {
  static const Editions editions = [] {
    Result<Editions> loaded = load_editions(editions_directory());
    if (!loaded.ok()) ADD_FAILURE() << loaded.error().message;
    return std::move(loaded).value();
  }();
  return editions;
}

// The tests pin what was known when they were written, so that a later notice does not move them.
inline const Date kKnownInTests = Date::from(2026, 11, 22);
inline const Calendar& tested_calendar() { return editions().known_on(kKnownInTests); }

inline Date day(std::string_view text) { return parse_date(text).value(); }
inline Instant instant(std::string_view text) { return parse_instant(text).value(); }

}  // namespace tongban::calendar

#define SKIP_WITHOUT_SHARED(file)     \
  if (!std::filesystem::exists(file)) \
  GTEST_SKIP() << "The facts in " << (file) << " are absent; set TONGBAN_SHARED to the folder that holds them"
