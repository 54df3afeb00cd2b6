// Imported histories: the same commands at their own times, once, with the reason for every choice.
#include "facility/import/import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "calendar/load.h"
#include "facility/export/export.h"
#include "facility/import/rows.h"
#include "kernel/host.h"
#include "pack/load.h"
#include "store/keys/memory_key_store.h"
#include "store/memory/memory_store.h"

namespace tongban::facility {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const std::string kPacks = TONGBAN_SOURCE_DIR "/packs";
const std::string kMapping = kPacks + "/hotline-12345/import/gov_messages.yaml";

std::string line(const std::string& id, const std::string& title, const std::string& time,
                 const std::string& reply_time, const std::string& text = "内容") {
  return to_json_text(json::object{{"id", id},
                                   {"user", "A0000" + id},
                                   {"title", title},
                                   {"time", time},
                                   {"text", text},
                                   {"reply", "已处理"},
                                   {"reply_time", reply_time}}) +
         "\n";
}

class Import : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path().string() + "/tongban-import-" + std::to_string(getpid());
    std::filesystem::create_directories(folder_);
    static const pack::LoadedLibrary loaded = pack::load_library(kPacks, kernel::kernel_host());
    ASSERT_TRUE(loaded.ok());
    engine::Config config;
    config.store = &store_;
    config.keys = &keys_;
    config.packs = std::make_shared<const pack::Library>(loaded.content);
    config.calendar =
        std::make_shared<const calendar::Editions>(calendar::load_editions(kPacks + "/china/calendar").value());
    config.now = [] { return at_local(Date::from(2021, 6, 1), 9, 0); };
    config.messages = false;
    config_ = config;
    engine_ = engine::Engine::start(std::move(config)).value();
    std::vector<pack::Fault> faults;
    auto mapping = read_mapping(kMapping, faults);
    ASSERT_TRUE(mapping && faults.empty()) << (faults.empty() ? "" : pack::to_text(faults.front()));
    mapping_ = std::move(*mapping);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  ImportResult run(const std::string& content, const std::string& name = "rows.jsonl") {
    const std::string file = folder_ + "/" + name;
    std::ofstream(file, std::ios::binary) << content;
    rejected_.str("");
    late_.str("");
    const auto result = import_cases(
        *engine_, store_, mapping_,
        {.file = file, .spool = folder_ + "/spool", .rejected = &rejected_, .late = &late_, .window = window_});
    EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().message);
    return result.ok() ? *result : ImportResult();
  }
  std::shared_ptr<const kernel::CaseState> imported(const std::string& number) {
    const auto row = store_.find_case_by_number(number).value();
    return row ? engine_->load(row->case_id) : nullptr;
  }

  // As in a running server: messages, reactions and timers go on, on a thread of their own.
  void run_live() {
    engine_.reset();
    config_.messages = true;
    engine_ = engine::Engine::start(config_).value();
    engine_->run_thread();
  }

  std::string folder_;
  engine::Config config_;
  store::MemoryStore store_, fresh_;
  store::MemoryKeyStore keys_;
  std::unique_ptr<engine::Engine> engine_;
  Mapping mapping_;
  std::ostringstream rejected_, late_;
  size_t window_ = 256;
};

std::string events_of(const engine::Engine& engine, const kernel::CaseState& state) {
  std::string all;
  const std::vector<kernel::Event> events = engine.load_events(state.id).value();
  for (const kernel::Event& event : events) {
    all += std::string(kernel::name_of(event.body)) + " " + to_text(event.envelope.happened_at) + "\n";
  }
  return all;
}

// What a stopped server takes and what a running one takes is the same history.
TEST_F(Import, through_a_running_engine_gives_the_same_history) {
  window_ = 2;
  const std::string rows = line("1", "咨询户口办理", "2019-04-24T15:07:30", "2019-05-09T09:49:42") +
                           line("2", "A1区路灯不亮", "2019-04-25T09:00:00", "2019-06-25T10:00:00") +
                           line("3", "A5区占道经营", "2019-04-26T09:00:00", "2019-04-28T10:00:00");
  run(rows);
  std::vector<std::string> alone;
  for (const char* number : {"12345-2019-000001", "12345-2019-000002", "12345-2019-000003"})
    alone.push_back(events_of(*engine_, *imported(number)));
  config_.store = &fresh_;
  run_live();
  std::vector<pack::Fault> faults;
  const std::string file = folder_ + "/live.jsonl";
  std::ofstream(file, std::ios::binary) << rows;
  const auto result =
      import_cases(*engine_, fresh_, mapping_, {.file = file, .spool = folder_ + "/spool", .window = 2});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->taken, 3u);
  EXPECT_EQ(engine_->status().unfinished_histories, 0u);
  for (size_t i = 0; i < alone.size(); ++i) {
    const auto row = fresh_.find_case_by_number("12345-2019-00000" + std::to_string(i + 1)).value();
    ASSERT_TRUE(row);
    // After the last act the scheduler takes over, and what ran out since then ends now.
    EXPECT_THAT(events_of(*engine_, *engine_->load(row->case_id)), StartsWith(alone[i]));
  }
  // No reaction to what is long over: neither supervision orders nor messages.
  EXPECT_FALSE(fresh_.find_case_by_number("DB-2019-000001").value());
  EXPECT_FALSE(fresh_.find_case_by_number("DB-2021-000001").value());
  EXPECT_TRUE(fresh_.due_outbox(at_local(Date::from(2100, 1, 1), 0, 0), 10)->empty());
}

TEST_F(Import, ends_between_windows_when_it_is_told_and_goes_on_later) {
  run_live();
  const std::string file = folder_ + "/rows.jsonl";
  std::ofstream(file, std::ios::binary) << line("1", "咨询户口办理", "2019-04-24T15:07:30", "2019-05-09T09:49:42");
  int asked = 0;
  ImportOptions options{.file = file, .spool = folder_ + "/spool", .window = 2};
  options.is_ended = [&asked] { return ++asked > 2; };
  const auto cut = import_cases(*engine_, store_, mapping_, options);
  ASSERT_FALSE(cut.ok());
  EXPECT_THAT(cut.error().message, HasSubstr("after 4 of 6 acts"));
  EXPECT_EQ(engine_->status().unfinished_histories, 1u);
  EXPECT_FALSE(imported("12345-2019-000001")->last_clock("handling")->expired);
  options.is_ended = {};
  const auto rest = import_cases(*engine_, store_, mapping_, options);
  ASSERT_TRUE(rest.ok());
  EXPECT_EQ(rest->acts, 2u);
  EXPECT_EQ(engine_->status().unfinished_histories, 0u);
  EXPECT_EQ(imported("12345-2019-000001")->state, "answered");
}

TEST_F(Import, a_row_that_is_given_up_half_way_lives_on_and_is_not_opened_again_after_weeks) {
  mapping_.steps = {mapping_.steps.front(), mapping_.steps.back()};  // an answer to what was never handed over
  const std::string row = line("1", "咨询户口办理", "2019-04-24T15:07:30", "2019-05-09T09:49:42");
  EXPECT_EQ(run(row).rejected, 1u);
  EXPECT_EQ(engine_->status().unfinished_histories, 0u);
  ASSERT_TRUE(store_.prune_idempotency(at_local(Date::from(2030, 1, 1), 0, 0)).ok());
  EXPECT_EQ(run(row).rejected, 1u);
  EXPECT_TRUE(imported("12345-2019-000001"));
  EXPECT_FALSE(imported("12345-2019-000002"));
}

TEST_F(Import, what_a_stopped_run_left_can_be_given_up) {
  mapping_.steps.resize(3);
  mapping_.steps.push_back(mapping_.steps[1]);  // a step that never comes
  const std::string file = folder_ + "/rows.jsonl";
  std::ofstream(file, std::ios::binary) << line("1", "甲", "2019-04-22T09:00:00", "2019-04-25T10:00:00");
  int asked = 0;
  ImportOptions options{.file = file, .spool = folder_ + "/spool", .window = 2};
  options.is_ended = [&asked] { return ++asked > 1; };
  EXPECT_FALSE(import_cases(*engine_, store_, mapping_, options).ok());
  EXPECT_EQ(end_unfinished(*engine_, store_).value(), 1u);
  EXPECT_EQ(engine_->status().unfinished_histories, 0u);
  EXPECT_EQ(end_unfinished(*engine_, store_).value(), 0u);
}

TEST_F(Import, plays_a_row_at_its_own_times_and_marks_it) {
  const ImportResult result = run(line("1", "A1区路灯不亮", "2019-04-22T09:00:00", "2019-04-25T10:00:00"));
  EXPECT_EQ(result.taken, 1u);
  const auto state = imported("12345-2019-000001");
  ASSERT_TRUE(state);
  EXPECT_TRUE(state->imported);
  EXPECT_EQ(state->channel, "import");
  EXPECT_EQ(state->state, "answered");
  EXPECT_EQ(to_text(state->opened_at), "2019-04-22T09:00:00+08:00");
  EXPECT_EQ(to_text(state->acts.back().happened_at), "2019-04-25T10:00:00+08:00");
  EXPECT_EQ(to_text(state->acts.back().recorded_at), "2021-06-01T09:00:00+08:00");
  EXPECT_FALSE(state->last_clock("handling")->late);
  const std::vector<kernel::Event> events = engine_->load_events(state->id).value();
  for (const kernel::Event& event : events) EXPECT_TRUE(event.envelope.imported);
}

TEST_F(Import, counts_an_answer_after_the_due_date_as_late_and_explains_it) {
  // A consultation has five working days; 28 April 2019 was an adjusted workday.
  const ImportResult result = run(line("1", "咨询户口办理", "2019-04-24T15:07:30", "2019-05-09T09:49:42"));
  EXPECT_EQ((result.report.at({"2019-04", "consultation"}).late), 1u);
  EXPECT_THAT(late_.str(), HasSubstr("\"due_on\":\"2019-04-30\""));
  EXPECT_THAT(late_.str(), HasSubstr("28日至30日"));
  // The timer fired at its own instant, and no supervision order came of it.
  EXPECT_TRUE(imported("12345-2019-000001")->last_clock("handling")->expired);
  EXPECT_FALSE(store_.find_case_by_number("DB-2019-000001").value());
}

TEST_F(Import, an_answer_within_the_last_minute_is_in_time) {
  const ImportResult result = run(line("1", "咨询户口办理", "2019-04-24T15:07:30", "2019-04-30T23:59:59"));
  EXPECT_EQ((result.report.at({"2019-04", "consultation"}).within), 1u);
  EXPECT_EQ(late_.str(), "");
}

TEST_F(Import, numbers_follow_the_order_of_filing_not_of_the_file) {
  run(line("2", "后", "2019-04-23T09:00:00", "2019-04-25T10:00:00") +
      line("1", "先", "2019-04-22T09:00:00", "2019-05-25T10:00:00"));
  EXPECT_EQ(kernel::find_value(imported("12345-2019-000001")->fields, "title")->plain.as_text(), "先");
  EXPECT_EQ(kernel::find_value(imported("12345-2019-000002")->fields, "title")->plain.as_text(), "后");
}

TEST_F(Import, no_district_and_several_go_to_the_city_one_to_the_district) {
  run(line("1", "A1区道路塌了", "2019-04-22T09:00:00", "2019-04-25T10:00:00") +
      line("2", "道路塌了", "2019-04-22T09:01:00", "2019-04-25T10:00:00") +
      line("3", "A1区和A5区之间道路塌了", "2019-04-22T09:02:00", "2019-04-25T10:00:00"));
  EXPECT_EQ(imported("12345-2019-000001")->current("lead")->unit, "yuzhong-gov");
  EXPECT_EQ(imported("12345-2019-000002")->current("lead")->unit, "city-transport");
  EXPECT_EQ(imported("12345-2019-000003")->current("lead")->unit, "city-transport");
}

TEST_F(Import, writes_a_note_with_the_reason_for_each_choice) {
  run(line("1", "咨询A1区道路", "2019-04-22T09:00:00", "2019-04-25T10:00:00"));
  const auto state = imported("12345-2019-000001");
  std::string note;
  const std::vector<kernel::Event> events = engine_->load_events(state->id).value();
  for (const kernel::Event& event : events) {
    if (const auto* added = std::get_if<kernel::NoteAdded>(&event.body))
      note = engine_->unseal(*state, added->text).value();
  }
  EXPECT_THAT(note, HasSubstr("类别：含“咨询”，归为 consultation"));
  EXPECT_THAT(note, HasSubstr("地域：写了A1区"));
  EXPECT_THAT(note, HasSubstr("以留言时间为受理、交办和流转时间"));
}

TEST_F(Import, gives_each_user_a_telephone_number_that_cannot_be_dialled) {
  run(line("1", "甲", "2019-04-22T09:00:00", "2019-04-25T10:00:00") +
      line("2", "乙", "2019-04-22T09:01:00", "2019-04-25T10:00:00"));
  const auto first = imported("12345-2019-000001"), second = imported("12345-2019-000002");
  EXPECT_EQ(engine_->unseal(*first, *kernel::find_value(first->fields, "phone")).value(), "00000001");
  EXPECT_NE(first->person, second->person);
}

TEST_F(Import, a_second_run_does_nothing_twice) {
  const std::string content = line("1", "甲", "2019-04-22T09:00:00", "2019-04-25T10:00:00") +
                              line("2", "乙", "2019-04-22T09:01:00", "2019-04-25T10:00:00");
  run(content);
  const uint64_t position = store_.head().value().position;
  const ImportResult again = run(content + line("3", "丙", "2019-04-22T09:02:00", "2019-04-25T10:00:00"));
  EXPECT_EQ(again.known, 2u);
  EXPECT_EQ(again.taken, 1u);
  EXPECT_EQ(imported("12345-2019-000003")->acts.size(), 6u);
  const uint64_t after = store_.head().value().position;
  run(content);
  EXPECT_EQ(store_.head().value().position, after);
  EXPECT_GT(after, position);
}

TEST_F(Import, goes_on_where_a_run_stopped) {
  mapping_.steps.resize(3);  // a run that ended in the middle
  run(line("1", "甲", "2019-04-22T09:00:00", "2019-04-25T10:00:00"));
  EXPECT_EQ(imported("12345-2019-000001")->state, "accepted");
  std::vector<pack::Fault> faults;
  mapping_ = *read_mapping(kMapping, faults);
  const ImportResult rest = run(line("1", "甲", "2019-04-22T09:00:00", "2019-04-25T10:00:00"));
  EXPECT_EQ(rest.acts, 3u);
  EXPECT_EQ(imported("12345-2019-000001")->state, "answered");
  EXPECT_FALSE(imported("12345-2019-000002"));
}

TEST_F(Import, rejects_rows_with_a_reason_and_takes_the_rest) {
  const ImportResult result = run("no json\n" + line("1", "甲", "2019-04-22T09:00:00", "2019-04-25T10:00:00") +
                                  line("1", "同号", "2019-04-22T09:00:00", "2019-04-25T10:00:00") +
                                  line("2", "倒置", "2019-04-22T09:00:00", "2019-04-21T10:00:00") +
                                  line("3", "日期", "2019-02-30T09:00:00", "2019-04-21T10:00:00") +
                                  line("4", "将来", "2031-04-22T09:00:00", "2031-04-25T10:00:00") +
                                  line("5", "", "2019-04-22T09:00:00", "2019-04-25T10:00:00") + "[1]\n{}\n");
  EXPECT_EQ(result.taken, 1u);
  EXPECT_EQ(result.rows, 9u);
  EXPECT_EQ(result.rejected, 8u);
  const std::string text = rejected_.str();
  for (const char* reason : {"stands twice", "done before it was opened", "is no time", "lies in the future",
                             "no JSON object", "has no id", "open："})
    EXPECT_THAT(text, HasSubstr(reason));
}

TEST_F(Import, cuts_what_is_too_long_and_says_so) {
  std::string text;
  for (int i = 0; i < 6000; ++i) text += "长";
  run(line("1", "甲", "2019-04-22T09:00:00", "2019-04-25T10:00:00", text));
  const auto state = imported("12345-2019-000001");
  EXPECT_THAT(kernel::find_value(state->fields, "content")->plain.as_text(), HasSubstr("（原文6000字，导入时截短）"));
}

TEST_F(Import, small_windows_give_the_same_cases) {
  window_ = 2;
  run(line("2", "后", "2019-04-23T09:00:00", "2019-04-25T10:00:00") +
      line("1", "先", "2019-04-22T09:00:00", "2019-05-25T10:00:00"));
  EXPECT_EQ(imported("12345-2019-000001")->state, "answered");
  EXPECT_EQ(imported("12345-2019-000002")->state, "answered");
}

TEST_F(Import, export_gives_the_imported_cases_back_without_personal_data) {
  run(line("1", "甲", "2019-04-22T09:00:00", "2019-04-25T10:00:00"));
  std::ostringstream out;
  const auto counts = export_all(*engine_, store_, out, {});
  ASSERT_TRUE(counts.ok());
  EXPECT_EQ(counts->cases, 1u);
  std::istringstream lines(out.str());
  std::string one, found;
  while (std::getline(lines, one)) {
    if (one.find("\"kind\":\"case\"") != std::string::npos) found = one;
  }
  const json::object object = parse_json(found).value().as_object();
  EXPECT_EQ(object.at("number").as_string(), "12345-2019-000001");
  EXPECT_TRUE(object.at("fields").as_object().at("phone").as_object().at("sealed").as_bool());
  EXPECT_EQ(out.str().find("00000001\""), std::string::npos);
  // The events come back as they are stored: their bytes give their hashes and the same state.
  std::vector<std::string> stored;
  for (const json::value& event : object.at("events").as_array()) {
    stored.push_back(*from_hex(event.as_object().at("bytes").as_string()));
    EXPECT_EQ(to_hex(view_of(sha256(stored.back()))), event.as_object().at("sha256").as_string());
  }
  const std::vector<std::string_view> views(stored.begin(), stored.end());
  EXPECT_EQ(kernel::fold(kernel::decode_all(views).value()).state, "answered");
}

TEST_F(Import, export_with_personal_data_records_the_reading) {
  run(line("1", "甲", "2019-04-22T09:00:00", "2019-04-25T10:00:00"));
  std::ostringstream out;
  ASSERT_TRUE(export_all(*engine_, store_, out, {.with_personal = true, .purpose = "审计"}).ok());
  EXPECT_THAT(out.str(), HasSubstr("\"phone\":\"00000001\""));
  const auto audit = store_.audit_of(imported("12345-2019-000001")->id).value();
  ASSERT_EQ(audit.size(), 1u);
  EXPECT_EQ(audit.front().purpose, "审计");
}

TEST_F(Import, reads_compressed_and_comma_separated_rows) {
  const std::string gz = folder_ + "/rows.jsonl.gz";
  gzFile file = gzopen(gz.c_str(), "wb");
  const std::string content = line("1", "甲", "2019-04-22T09:00:00", "2019-04-25T10:00:00");
  gzwrite(file, content.data(), static_cast<unsigned>(content.size()));
  gzclose(file);
  uint64_t rows = 0;
  ASSERT_TRUE(read_rows(gz, [&](SourceRow&& row) { return row.row.ok() && ++rows > 0; }).ok());
  EXPECT_EQ(rows, 1u);
  const std::string csv = folder_ + "/rows.csv";
  std::ofstream(csv) << "\xEF\xBB\xBFid,title\r\n1,\"a, \"\"b\"\"\nc\"\r\n2,d,e\r\n";
  std::vector<std::string> seen;
  ASSERT_TRUE(read_rows(csv, [&](SourceRow&& row) {
                seen.push_back(row.row.ok() ? std::string(text_at(*row.row, "title"))
                                            : "fault: " + row.row.error().message);
                return true;
              }).ok());
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0], "a, \"b\"\nc");
  EXPECT_THAT(seen[1], HasSubstr("3 cells"));
}

TEST(ImportOfRealMessages, takes_all_replied_messages) {
  const char* shared = std::getenv("TONGBAN_SHARED");
  const std::string file =
      std::string(shared ? shared : TONGBAN_SOURCE_DIR "/../shared") + "/domain/samples/gov_messages_replied.jsonl.gz";
  if (!std::filesystem::exists(file))
    GTEST_SKIP() << "The messages are not there: " << file << " (set TONGBAN_SHARED).";
  std::vector<pack::Fault> faults;
  const auto mapping = read_mapping(kMapping, faults);
  ASSERT_TRUE(mapping);
  uint64_t rows = 0, taken = 0;
  ASSERT_TRUE(read_rows(file, [&](SourceRow&& source) {
                ++rows;
                const auto row = map_row(*mapping, *source.row);
                taken += row.ok() && row->find("kind") && !row->find("kind")->empty();
                return true;
              }).ok());
  EXPECT_EQ(rows, 2816u);
  EXPECT_EQ(taken, 2816u);
}

}  // namespace
}  // namespace tongban::facility
