// The oracle of the property tests: a model that walks day by day over the notices and includes nothing of the product.
// It reads the notices by itself, either from the facts' JSON or from the text of the pack's edition files.
#pragma once

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace day_by_day {

using Day = std::chrono::sys_days;

inline std::string read_all(const std::filesystem::path& path) {
  std::ifstream stream(path);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

inline Day day_of(int year, unsigned month, unsigned day) {
  return std::chrono::sys_days(std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day));
}

inline Day parse_day(const std::string& text) {
  return day_of(std::stoi(text.substr(0, 4)), static_cast<unsigned>(std::stoul(text.substr(5, 2))),
                static_cast<unsigned>(std::stoul(text.substr(8, 2))));
}

inline int year_of(Day day) { return static_cast<int>(std::chrono::year_month_day(day).year()); }

struct Notice {
  int year = 0;
  bool amendment = false;
  Day published;
  std::map<Day, bool> is_off;
};

inline std::vector<Notice> read_json(const std::filesystem::path& path) {
  std::vector<Notice> notices;
  const boost::json::value value = boost::json::parse(read_all(path));
  for (const auto& item : value.at("notices").as_array()) {
    Notice notice;
    notice.year = static_cast<int>(item.at("year").as_int64());
    notice.amendment = item.at("kind").as_string() == "amendment";
    notice.published = parse_day(std::string(item.at("published").as_string()));
    for (const auto& day : item.at("days").as_object()) {
      notice.is_off[parse_day(std::string(day.key()))] = day.value().at("status").as_string() == "off";
    }
    notices.push_back(notice);
  }
  return notices;
}

// Reads the lines that matter as text, without a YAML library.
inline std::vector<Notice> read_editions(const std::filesystem::path& directory) {
  std::vector<Notice> notices;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().filename() == "fixed_holidays.yaml") continue;
    Notice notice;
    std::istringstream lines(read_all(entry.path()));
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("year: ")) notice.year = std::stoi(line.substr(6));
      if (line.starts_with("kind: ")) notice.amendment = line == "kind: amendment";
      if (line.starts_with("published: ")) notice.published = parse_day(line.substr(11));
      if (line.starts_with("  - [")) notice.is_off[parse_day(line.substr(5, 10))] = line.substr(17, 3) == "off";
    }
    notices.push_back(notice);
  }
  std::sort(notices.begin(), notices.end(), [](const Notice& a, const Notice& b) { return a.published < b.published; });
  return notices;
}

// What was known when `notices` were all; answers for the years given only, each day looked at once.
class Model {
 public:
  Model(const std::vector<Notice>& notices, int first_year, int last_year) : first_(day_of(first_year, 1, 1)) {
    int last_noticed = 0;
    std::map<Day, bool> is_off;
    for (const Notice& notice : notices) {
      if (!notice.amendment && notice.year > last_noticed) last_noticed = notice.year;
      for (const auto& [day, off] : notice.is_off) is_off[day] = off;
    }
    provisional_from_ = notices.empty() ? Day::min() : day_of(last_noticed, 12, 29);
    const Day last = day_of(last_year, 12, 31);
    for (Day day = first_; day <= last; day += std::chrono::days(1)) {
      const unsigned weekday = std::chrono::weekday(day).iso_encoding();
      bool off = weekday >= 6;
      const std::chrono::year_month_day date(day);
      const unsigned month = static_cast<unsigned>(date.month());
      const unsigned number = static_cast<unsigned>(date.day());
      if (year_of(day) > last_noticed) {
        // The fixed dates of the law from 2008 on.
        if (month == 1 && number == 1) off = true;
        if (month == 5 && (number == 1 || (number == 2 && year_of(day) >= 2025))) off = true;
        if (month == 10 && number <= 3) off = true;
      }
      if (const auto found = is_off.find(day); found != is_off.end()) off = found->second;
      off_.push_back(off);
    }
  }

  bool is_off(Day day) const { return off_.at(static_cast<size_t>((day - first_).count())); }
  bool is_provisional(Day day) const { return day >= provisional_from_; }

  Day add_working_days(Day start, int n) const {
    Day day = start;
    for (int counted = 0; counted < n;) {
      day += std::chrono::days(1);
      if (!is_off(day)) ++counted;
    }
    return day;
  }

  Day subtract_working_days(Day start, int n) const {
    Day day = start;
    for (int counted = 0; counted < n;) {
      day -= std::chrono::days(1);
      if (!is_off(day)) ++counted;
    }
    return day;
  }

  Day roll(Day day) const {
    while (is_off(day)) day += std::chrono::days(1);
    return day;
  }

  static Day add_months(Day start, int n) {
    using namespace std::chrono;
    const year_month_day date(start);
    const year_month_day moved = date + months(n);
    return moved.ok() ? sys_days(moved) : sys_days(moved.year() / moved.month() / last);
  }

 private:
  Day first_;
  Day provisional_from_;
  std::vector<bool> off_;
};

}  // namespace day_by_day
