// Zones of the IANA, asked of ICU (docs/decisions, ICU). ICU counts milliseconds in a floating-point type; here only
// whole seconds near our time are handed to it, so that nothing is lost.
#include <unicode/timezone.h>

#include <map>
#include <memory>

#include "feel/temporal.h"

namespace tongban::feel {
namespace {

// Zones are looked up often and are few: one per name, for each thread.
const icu::TimeZone* zone_named(std::string_view name) {
  thread_local std::map<std::string, std::unique_ptr<icu::TimeZone>, std::less<>> known;
  const auto found = known.find(name);
  if (found != known.end()) return found->second.get();
  if (known.size() > 1000) known.clear();
  std::unique_ptr<icu::TimeZone> zone;
  // ICU would take "GMT+3" and three-letter inventions of its own; a zone of the IANA is a known system id.
  if (!name.empty() && name.size() < 64) {
    const icu::UnicodeString id(name.data(), static_cast<int32_t>(name.size()), US_INV);
    UErrorCode status = U_ZERO_ERROR;
    UBool is_system = false;
    icu::UnicodeString canonical;
    icu::TimeZone::getCanonicalID(id, canonical, is_system, status);
    if (U_SUCCESS(status) && is_system) zone.reset(icu::TimeZone::createTimeZone(id));
  }
  return known.emplace(std::string(name), std::move(zone)).first->second.get();
}

// 400 years of the calendar repeat to the day: an equivalent second within the years 1600…2400 or so for far years.
int64_t near_our_time(int64_t seconds) {
  constexpr int64_t kCycle = 146'097 * kDaySeconds;
  constexpr int64_t kFirst = -62'135'596'800;  // year 1
  constexpr int64_t kLast = 16'725'225'600;    // year 2500
  if (seconds >= kFirst && seconds <= kLast) return seconds;
  if (seconds > kLast) return kLast - kCycle + (seconds - kLast) % kCycle;
  return kFirst;  // before any clock of a zone: local mean time
}

int32_t offset_at(std::string_view name, int64_t seconds, bool local) {
  const icu::TimeZone* zone = zone_named(name);
  if (zone == nullptr) return 0;
  int32_t raw = 0;
  int32_t saving = 0;
  UErrorCode status = U_ZERO_ERROR;
  zone->getOffset(static_cast<UDate>(near_our_time(seconds) * 1000), local, raw, saving, status);
  return U_SUCCESS(status) ? (raw + saving) / 1000 : 0;
}

}  // namespace

bool is_zone(std::string_view name) { return zone_named(name) != nullptr; }
int32_t zone_offset_at_local(std::string_view zone, int64_t local_seconds) {
  return offset_at(zone, local_seconds, true);
}
int32_t zone_offset_at(std::string_view zone, int64_t utc_seconds) { return offset_at(zone, utc_seconds, false); }

}  // namespace tongban::feel
