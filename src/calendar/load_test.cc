#include "calendar/load.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/text.h"
#include "calendar/test_support_test.h"

namespace tongban::calendar {
namespace {

// A folder of its own for one test, gone after it.
class Folder {
 public:
  Folder() {
    std::string name = std::filesystem::temp_directory_path() / "tongban-calendar-XXXXXX";
    path_ = mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path_ / name) << text; }
  const std::filesystem::path& path() const { return path_; }
  // Every fault, with the folder left out of the file names.
  std::string faults() const {
    const Result<Editions> editions = load_editions(path_);
    if (editions.ok()) return "no fault";
    EXPECT_EQ(editions.error().trouble, Trouble::invalid_input);
    return replace_all(editions.error().message, path_.string() + "/", "");
  }

 private:
  std::filesystem::path path_;
};

constexpr const char* kFixed =
    "calendar: 日历\nlaw: 办法\nversions:\n  - {amended: 2024-11-10, text: seen}\n"
    "holidays:\n  - {date: 01-01, name: 元旦, from: 1950, clause: 一, version: 1949-12-23}\n";

std::string notice(const std::string& id, const std::string& year, const std::string& kind,
                   const std::string& published, const std::string& days) {
  return "notice: '" + id + "'\nyear: " + year + "\nkind: " + kind + "\npublished: " + published +
         "\nsource: http://example.org/1\ndays:\n" + days;
}

TEST(Load, the_pack_has_all_notices_in_order) {
  const std::vector<Notice>& notices = editions().notices();
  ASSERT_GE(notices.size(), 23u);
  EXPECT_EQ(notices.front().id, "2007");
  EXPECT_EQ(notices.front().number, "国办发明电〔2006〕49号");
  EXPECT_EQ(notices[16].id, "2020-amendment-1");
  EXPECT_TRUE(notices[16].amendment);
  EXPECT_EQ(notices[16].days.size(), 4u);
  EXPECT_EQ(notices[22].id, "2026");
}

TEST(Load, a_small_folder_makes_a_calendar) {
  const Folder folder;
  folder.write("fixed_holidays.yaml", kFixed);
  folder.write("2021.yaml", notice("2021", "2021", "yearly", "2020-11-25", "  - [2021-02-07, work, 春节]\n"));
  const Result<Editions> loaded = load_editions(folder.path());
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_TRUE(loaded->latest().is_working_day(day("2021-02-07")));
  EXPECT_EQ(loaded->latest().name(), "日历");
}

TEST(Load, all_faults_are_told_with_file_and_line) {
  const Folder folder;
  folder.write("fixed_holidays.yaml",
               "calendar: 日历\nlaw: 办法\nversions:\n  - {amended: 2024-11-10, seen: no}\nholidays:\n"
               "  - {date: 02-29, name: x, from: 1950, clause: 一, version: 1949-12-23}\n"
               "  - {date: 05-01, name: 劳动节, from: 1950, clause: 四, version: 1949-12-23}\n"
               "  - {date: 05-01, name: 又, from: 1999, until: 2003, clause: 四, version: 1949-12-23}\n"
               "  - {date: 05-02, name: 又, from: 2003, until: 1999, clause: 四, version: 1949-12-23}\n");
  folder.write("2021.yaml",
               "notice: '2021'\nyear: 2021\nyear: 2021\nkind: weekly\npublished: 2020-02-30\nurl: x\ndays:\n"
               "  - [2021-02-07, work, 春节]\n  - [2021-02-06, maybe, 春节]\n  - [2021-02-05, off, 春节]\n"
               "  - [2021-02-07, off, 春节]\n  - [2021-02-08, off]\n  - [2019-12-31, off, 元旦]\n");
  folder.write("2022.yaml", notice("2023", "22", "yearly", "2020-11-25", "  []\n"));
  folder.write("2024-amendment-1.yaml",
               notice("2024-amendment-1", "2025", "amendment", "2024-01-01", "  - [2025-01-01, off, 元旦]\n"));
  folder.write("broken.yaml", "notice: [\nyear: }\n");
  folder.write("list.yaml", "- 1\n");
  folder.write("notes.txt", "");
  folder.write("two.yaml", "a: 1\n---\nb: 2\n");
  EXPECT_EQ(folder.faults(), R"(2021.yaml:3: The key "year" stands there twice.
2021.yaml:6: A notice has no key "url"; it has notice, year, kind, number, published, published_rests_on, source, days.
2021.yaml:5: The day of publication: "2020-02-30" is not a date that exists; write it as 2021-02-05.
2021.yaml:1: A notice needs the key "source".
2021.yaml:4: The kind is yearly or amendment, not "weekly".
2021.yaml:9: A day is off or work, not "maybe".
2021.yaml:10: 2021-02-05 stands after a later day; keep the days in order.
2021.yaml:11: 2021-02-07 stands there twice.
2021.yaml:12: A day is a row of three: date, off or work, holiday.
2021.yaml:13: 2019-12-31 stands after a later day; keep the days in order.
2021.yaml:13: 2019-12-31 is neither in 2021 nor in the December before.
2022.yaml:2: The year is a year of four digits, not "22".
2022.yaml:7: The key "days" is a list with at least one row.
2024-amendment-1.yaml:1: A change of the notice for 2025 is called "2025-amendment-1" to "2025-amendment-9".
broken.yaml:2: The file is no YAML: did not find expected node content.
fixed_holidays.yaml:4: A version of the law has no key "seen"; it has amended, text.
fixed_holidays.yaml:4: A version of the law needs the key "text".
fixed_holidays.yaml:6: "02-29" is no day of every year; write month and day as 05-01.
fixed_holidays.yaml:8: The holiday stands on the same day as "劳动节" in the same years.
fixed_holidays.yaml:9: The holiday ends before it begins.
list.yaml:1: A notice is written as keys and values.
notes.txt:1: Only .yaml files stand in this folder.
two.yaml:1: The file holds more than one document; keep one.
two.yaml:1: A notice has no key "a"; it has notice, year, kind, number, published, published_rests_on, source, days.
two.yaml:1: A notice needs the key "notice".
two.yaml:1: A notice needs the key "year".
two.yaml:1: A notice needs the key "kind".
two.yaml:1: A notice needs the key "published".
two.yaml:1: A notice needs the key "source".
two.yaml:1: A notice needs the key "days".)");
}

TEST(Load, years_left_out_and_changes_of_nothing_are_faults) {
  const Folder folder;
  folder.write("fixed_holidays.yaml", kFixed);
  folder.write("2020.yaml", notice("2020", "2020", "yearly", "2019-11-21", "  - [2020-01-01, off, 元旦]\n"));
  folder.write("2022.yaml", notice("2022", "2022", "yearly", "2021-10-25", "  - [2022-01-03, off, 元旦]\n"));
  folder.write("2021-amendment-1.yaml",
               notice("2021-amendment-1", "2021", "amendment", "2021-01-01", "  - [2021-01-04, off, 元旦]\n"));
  EXPECT_EQ(folder.faults(),
            "2021-amendment-1.yaml:2: It changes 2021, but no notice published before arranges that year.\n"
            "2022.yaml:2: No notice published before arranges the year before 2022; a year left out would be guessed.");
}

TEST(Load, a_name_that_is_not_the_files_is_a_fault) {
  const Folder folder;
  folder.write("fixed_holidays.yaml", kFixed);
  folder.write("2020.yaml", notice("2021", "2021", "yearly", "2019-11-21", "  - [2021-01-01, off, 元旦]\n"));
  EXPECT_EQ(folder.faults(),
            "2020.yaml:1: The notice \"2021\" stands in the file \"2020.yaml\"; give both the same name.");
}

TEST(Load, a_folder_without_fixed_holidays_or_notices_is_a_fault) {
  const Folder folder;
  EXPECT_EQ(folder.faults(), "fixed_holidays.yaml:1: The file of fixed holidays is missing.");
  folder.write("fixed_holidays.yaml", kFixed);
  EXPECT_EQ(folder.faults(), "fixed_holidays.yaml:1: There is no yearly notice.");
  folder.write("2021.yaml", "");
  EXPECT_EQ(folder.faults(), "2021.yaml:1: A notice is written as keys and values.");
  const Result<Editions> nowhere = load_editions(folder.path() / "nowhere");
  ASSERT_FALSE(nowhere.ok());
  EXPECT_EQ(nowhere.error().trouble, Trouble::not_found);
}

TEST(Load, a_file_of_any_size_and_depth_is_refused_quietly) {
  const Folder folder;
  folder.write("fixed_holidays.yaml", kFixed);
  folder.write("2021.yaml", "days: " + std::string(100'000, '['));
  EXPECT_EQ(folder.faults(), "2021.yaml:1: The file nests lists and keys deeper than any calendar needs.");
  folder.write("2021.yaml", std::string(2 << 20, '#'));
  EXPECT_EQ(folder.faults(), "2021.yaml:1: The file is larger than 1 MiB.");
}

}  // namespace
}  // namespace tongban::calendar
