#include "calendar/calendar.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <span>
#include <utility>

#include "base/check.h"

namespace tongban::calendar {
namespace {

constexpr int32_t kFirstYear = 1;
constexpr int32_t kLastYear = 9999;
// Counts are kept in 16 bits to stay in the first-level cache, which bounds the years that notices may span.
constexpr int32_t kMaxNoticeYears = 150;
constexpr int32_t kYearsAfterNotices = 4;
constexpr int32_t kNearWithoutNotices = 2000;

bool is_weekend(Date date) { return date.weekday() >= 6; }

// Days Monday to Friday from 1 January of year 1, a Monday, to `date`, both included.
int64_t weekdays_until(Date date) {
  static const Date monday = Date::from(1, 1, 1);
  const int64_t days = date - monday + 1;
  CHECK(days >= 0);
  return days / 7 * 5 + std::min<int64_t>(days % 7, 5);
}

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

// Every reason why these notices make no calendar, one sentence after the other; empty when they do.
std::string find_faults(const std::vector<Notice>& notices, const std::vector<FixedHoliday>& fixed) {
  std::string faults;
  const auto add = [&](const std::string& sentence) { faults += (faults.empty() ? "" : " ") + sentence; };
  std::set<std::string> ids;
  std::set<int32_t> years;
  Date last_published{INT32_MIN};
  for (const Notice& notice : notices) {
    const std::string label = "Notice " + quoted(notice.id);
    if (notice.id.empty()) add("A notice has no id.");
    if (!ids.insert(notice.id).second) add(label + " stands there twice.");
    if (notice.year < 1900 || notice.year > 2400) add(label + " arranges a year outside 1900 to 2400.");
    if (notice.published < last_published) add(label + " was published before the notice that it follows.");
    last_published = notice.published;
    if (!notice.amendment && !years.insert(notice.year).second) add(label + " arranges a year that another one did.");
    // A year left out would be guessed without a mark.
    if (!notice.amendment && years.size() > 1 &&
        *years.rbegin() - *years.begin() >= static_cast<int32_t>(years.size())) {
      add(label + " leaves out a year: yearly notices arrange one year after the other.");
    }
    if (notice.amendment && years.count(notice.year) == 0) {
      add(label + " amends a year that no notice before it arranges.");
    }
    std::set<Date> dates;
    for (const NoticeDay& day : notice.days) {
      if (!dates.insert(day.date).second) add(label + " names " + to_text(day.date) + " twice.");
      const int32_t year = day.date.civil().year;
      if (year < notice.year - 1 || year > notice.year) {
        add(label + " names " + to_text(day.date) + ", which is neither in its year nor in the one before.");
      }
    }
  }
  if (!years.empty()) {
    if (*years.rbegin() - *years.begin() >= kMaxNoticeYears) add("The notices span more than 150 years.");
  }
  for (const FixedHoliday& holiday : fixed) {
    // 2001 is no leap year: a holiday that exists in some years only is not fixed.
    if (!is_valid_day(2001, holiday.month, holiday.day) || holiday.from_year > holiday.to_year) {
      add("The fixed holiday " + quoted(holiday.name) + " is not on a day of every year, or ends before it begins.");
    }
    for (const FixedHoliday& other : fixed) {
      if (&other == &holiday) break;
      if (other.month == holiday.month && other.day == holiday.day && other.from_year <= holiday.to_year &&
          holiday.from_year <= other.to_year) {
        add("The fixed holidays " + quoted(other.name) + " and " + quoted(holiday.name) +
            " stand on one day in the same years.");
      }
    }
  }
  return faults;
}

}  // namespace

// The calendar without notices: weekends and the law's fixed dates, by counts before each year and arithmetic on weeks
// inside one. The same for all editions.
struct Calendar::Far {
  std::vector<FixedHoliday> fixed;
  std::array<int32_t, kLastYear + 2> before_year{};  // working days from 0001-01-01 to the eve of that year

  explicit Far(std::vector<FixedHoliday> holidays) : fixed(std::move(holidays)) {
    int64_t total = 0;
    int64_t weekdays_before = 0;
    for (int32_t year = kFirstYear; year <= kLastYear; ++year) {
      before_year[year] = static_cast<int32_t>(total);
      const int64_t weekdays = weekdays_until(Date::from(year, 12, 31));
      total += weekdays - weekdays_before;
      weekdays_before = weekdays;
      for_each_fixed_weekday(year, [&](Date) { --total; });
    }
    before_year[kLastYear + 1] = static_cast<int32_t>(total);
  }

  const FixedHoliday* find_fixed(const YearMonthDay& civil) const {
    for (const FixedHoliday& holiday : fixed) {
      if (holiday.month == civil.month && holiday.day == civil.day && holiday.from_year <= civil.year &&
          civil.year <= holiday.to_year) {
        return &holiday;
      }
    }
    return nullptr;
  }

  template <class Visit>
  void for_each_fixed_weekday(int32_t year, Visit visit) const {
    for (const FixedHoliday& holiday : fixed) {
      if (year < holiday.from_year || year > holiday.to_year) continue;
      const Date date = Date::from(year, holiday.month, holiday.day);
      if (!is_weekend(date)) visit(date);
    }
  }

  int64_t count_until(Date date) const {
    const YearMonthDay civil = date.civil();
    CHECK(civil.year >= kFirstYear && civil.year <= kLastYear);
    const Date eve = Date::from(civil.year, 1, 1) - 1;
    const int64_t weekdays_before = civil.year == kFirstYear ? 0 : weekdays_until(eve);
    int64_t count = before_year[civil.year] + weekdays_until(date) - weekdays_before;
    for_each_fixed_weekday(civil.year, [&](Date holiday) { count -= holiday <= date ? 1 : 0; });
    return count;
  }

  // The working day with `count` working days up to it, itself included; it must lie within the years 1…9999.
  Date select(int64_t count) const {
    const auto after = std::lower_bound(before_year.begin() + kFirstYear, before_year.end(), count);
    const auto year = static_cast<int32_t>(after - before_year.begin()) - 1;
    CHECK(year >= kFirstYear && year <= kLastYear);
    Date low = Date::from(year, 1, 1);
    Date high = Date::from(year, 12, 31);
    while (low < high) {
      const Date middle = low + (high - low) / 2;
      if (count_until(middle) >= count) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }
};

// Near the notices there is one count per day and one day per working day, so that an addition is two loads; before and
// after them the far counts go on from the edges.
struct Calendar::Tables {
  std::string name;
  std::string edition;
  std::shared_ptr<const Far> far;
  std::map<Date, SpecialDay> noticed;  // what the last notice that names the day says
  int32_t first_year = kLastYear;      // covered by yearly notices: [first_year, last_year]; none when last is smaller
  int32_t last_year = -1;
  Date covered_from;
  Date provisional_from;
  Date near_first;
  Date near_last;
  std::vector<uint8_t> is_working;  // near days
  std::vector<uint16_t> counts;
  std::vector<uint16_t> days;

  bool is_covered(int32_t year) const { return first_year <= year && year <= last_year; }

  std::optional<SpecialDay> find_special(Date date) const {
    const bool weekend = is_weekend(date);
    const auto found = noticed.find(date);
    if (found != noticed.end()) return found->second.off == weekend ? std::nullopt : std::optional(found->second);
    if (weekend) return std::nullopt;
    const YearMonthDay civil = date.civil();
    if (is_covered(civil.year)) return std::nullopt;
    const FixedHoliday* holiday = far->find_fixed(civil);
    if (holiday == nullptr) return std::nullopt;
    return SpecialDay{date, true, holiday->name, ""};
  }

  // Working days since near_first, which may be negative before it.
  int64_t count_until(Date date) const {
    if (date < near_first) return far->count_until(date) - far->count_until(near_first - 1);
    if (date <= near_last) return counts[date - near_first];
    return counts.back() + far->count_until(date) - far->count_until(near_last);
  }

  Date select(int64_t count) const {
    const auto near_count = static_cast<int64_t>(days.size());
    if (count < 1) return far->select(count + far->count_until(near_first - 1));
    if (count <= near_count) return near_first + days[count - 1];
    return far->select(count - near_count + far->count_until(near_last));
  }

  void lay(std::span<const Notice> notices);
  void fill();
};

// Lays the notices over the weekends, a later one over an earlier one.
void Calendar::Tables::lay(std::span<const Notice> notices) {
  covered_from = Date::from(kLastYear, 12, 31);
  for (const Notice& notice : notices) {
    edition = notice.id;
    if (!notice.amendment) {
      last_year = std::max(last_year, notice.year);
      first_year = std::min(first_year, notice.year);
      covered_from = std::min(covered_from, Date::from(notice.year, 1, 1));
    }
    for (const NoticeDay& day : notice.days) {
      covered_from = std::min(covered_from, day.date);
      noticed[day.date] = SpecialDay{day.date, day.off, day.name, notice.id};
    }
  }
  provisional_from = notices.empty() ? Date::from(kFirstYear, 1, 1) : Date::from(last_year, 12, 29);
}

void Calendar::Tables::fill() {
  const bool any = last_year >= first_year;
  const int32_t from_year = any ? first_year - 1 : kNearWithoutNotices;
  const int32_t to_year = (any ? last_year : from_year) + kYearsAfterNotices;
  near_first = Date::from(from_year, 1, 1);
  near_last = Date::from(to_year, 12, 31);
  const int64_t size = near_last - near_first + 1;
  is_working.reserve(size);
  for (int weekday = near_first.weekday(); static_cast<int64_t>(is_working.size()) < size; weekday = weekday % 7 + 1) {
    is_working.push_back(weekday <= 5);
  }
  for (int32_t year = from_year; year <= to_year; ++year) {
    if (!is_covered(year)) far->for_each_fixed_weekday(year, [&](Date date) { is_working[date - near_first] = 0; });
  }
  for (const auto& [date, day] : noticed) is_working[date - near_first] = !day.off;
  counts.reserve(size);
  uint16_t count = 0;
  for (int64_t offset = 0; offset < size; ++offset) {
    if (is_working[offset]) {
      ++count;
      days.push_back(static_cast<uint16_t>(offset));
    }
    counts.push_back(count);
  }
}

Calendar::Calendar(std::shared_ptr<const Tables> tables)
    : tables_(std::move(tables)),
      counts_(tables_->counts.data()),
      days_(tables_->days.data()),
      first_day_(tables_->near_first.days),
      day_count_(static_cast<uint32_t>(tables_->counts.size())),
      working_count_(static_cast<uint32_t>(tables_->days.size())) {}

Result<Calendar> Calendar::make(std::string name, std::vector<Notice> notices, std::vector<FixedHoliday> fixed) {
  if (std::string faults = find_faults(notices, fixed); !faults.empty()) {
    return fail(Trouble::invalid_input, std::move(faults));
  }
  return make_checked(std::move(name), notices, std::make_shared<const Far>(std::move(fixed)));
}

Calendar Calendar::make_checked(std::string name, std::span<const Notice> notices, std::shared_ptr<const Far> far) {
  auto tables = std::make_shared<Tables>();
  tables->name = std::move(name);
  tables->far = std::move(far);
  tables->lay(notices);
  tables->fill();
  return Calendar(std::move(tables));
}

bool Calendar::is_working_day(Date date) const {
  const uint32_t offset = static_cast<uint32_t>(date.days) - static_cast<uint32_t>(first_day_);
  if (offset < day_count_) return tables_->is_working[offset] != 0;
  const std::optional<SpecialDay> special = tables_->find_special(date);
  return special ? !special->off : !is_weekend(date);
}

std::optional<SpecialDay> Calendar::find_special(Date date) const { return tables_->find_special(date); }

Date Calendar::on_or_next_working_day(Date date) const {
  while (!is_working_day(date)) date = date + 1;  // a break is at most some days long
  return date;
}

int64_t Calendar::working_days_between(Date from_exclusive, Date to_inclusive) const {
  return tables_->count_until(to_inclusive) - tables_->count_until(from_exclusive);
}

namespace {

Error out_of_years(Date start, int64_t n, const char* direction) {
  return fail(Trouble::invalid_input, std::to_string(n) + " working days " + direction + " " + to_text(start) +
                                          " lie outside the years 1 to 9999; ask for fewer days.");
}

Result<void> check_count(Date start, int64_t n) {
  if (n < 0) return fail(Trouble::invalid_input, "The number of days is negative; give 0 or more.");
  if (start < Date::from(kFirstYear, 1, 1) || start > Date::from(kLastYear, 12, 31)) {
    return fail(Trouble::invalid_input, "The start day lies outside the years 1 to 9999.");
  }
  return {};
}

}  // namespace

Result<Date> Calendar::add_far(Date start, int64_t n) const {
  TRY(check_count(start, n));
  if (n == 0) return start;
  const int64_t done = tables_->count_until(start);
  if (n > tables_->count_until(Date::from(kLastYear, 12, 31)) - done) return out_of_years(start, n, "after");
  return tables_->select(done + n);
}

Result<Date> Calendar::subtract_working_days(Date start, int64_t n) const {
  TRY(check_count(start, n));
  if (n == 0) return start;
  // The count up to the eve of start, without leaving year 1.
  const int64_t done = tables_->count_until(start) - (is_working_day(start) ? 1 : 0);
  const int64_t before_all = -tables_->far->count_until(tables_->near_first - 1);
  if (n > done - before_all) return out_of_years(start, n, "before");
  return tables_->select(done - n + 1);
}

bool Calendar::is_provisional(Date date) const {
  return date >= tables_->provisional_from || date < tables_->covered_from;
}

const std::string& Calendar::edition() const { return tables_->edition; }
const std::string& Calendar::name() const { return tables_->name; }

Result<Editions> Editions::make(std::string name, std::vector<Notice> notices, std::vector<FixedHoliday> fixed) {
  if (std::string faults = find_faults(notices, fixed); !faults.empty()) {
    return fail(Trouble::invalid_input, std::move(faults));
  }
  Editions editions;
  const auto far = std::make_shared<const Calendar::Far>(std::move(fixed));
  for (size_t i = 0; i <= notices.size(); ++i) {
    editions.calendars_.push_back(Calendar::make_checked(name, std::span(notices).first(i), far));
  }
  editions.notices_ = std::move(notices);
  return editions;
}

const Calendar& Editions::known_on(Date day) const {
  const auto after = std::upper_bound(notices_.begin(), notices_.end(), day,
                                      [](Date date, const Notice& notice) { return date < notice.published; });
  return calendars_[after - notices_.begin()];
}

const Calendar& Editions::latest() const { return calendars_.back(); }
const std::vector<Notice>& Editions::notices() const { return notices_; }

}  // namespace tongban::calendar
