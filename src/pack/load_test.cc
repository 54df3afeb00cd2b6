#include "pack/load.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "pack/check.h"
#include "pack/coverage.h"
#include "pack/manual.h"

namespace tongban::pack {
namespace {

std::string packs() { return std::string(TONGBAN_SOURCE_DIR) + "/tests/packs"; }

// The slots of a scope by name; what is not given is null.
std::vector<feel::Value> slots(const std::vector<Action::Variable>& variables,
                               const std::vector<std::pair<std::string, feel::Value>>& values) {
  std::vector<feel::Value> result(variables.size());
  for (size_t i = 0; i < variables.size(); ++i) {
    for (const auto& [name, value] : values) {
      if (variables[i].name == name) result[i] = value;
    }
  }
  return result;
}

struct Small : testing::Test {
  std::shared_ptr<const Pack> pack = load_pack(packs() + "/small", load_foundations(packs() + "/small")).pack;
  const CaseType& type = pack->cases.at(0);
  feel::Value text(std::string value) { return feel::Value::text(std::move(value)); }
};

TEST_F(Small, head_and_bases) {
  EXPECT_EQ(pack->key(), "small@2021-01-01");
  EXPECT_EQ(pack->builds_on, std::vector<std::string>{"places"});
  EXPECT_EQ(*pack->in_force_from, Date::from(2021, 1, 1));
  EXPECT_EQ(to_text(type.basis), "测府发〔2021〕1号 第二条");
  EXPECT_EQ(to_text(type.find_action("fixed")->basis), "测府发〔2021〕1号 第三条");
  EXPECT_EQ(to_text(type.find_clock("repair")->basis), "测府发〔2021〕1号 第三条（解读 1）");
  EXPECT_EQ(to_text(pack->find_condition("hidden")->basis), "系统功能");
  EXPECT_EQ(pack->find_condition("asked_before_due")->basis.reading, 1);
  EXPECT_EQ(pack->find_condition("asked_before_due")->sentence, "申请延长要在到期以前，并且没有超过次数。");
}

TEST_F(Small, form_fields_copy_the_field_of_the_case) {
  const Field& kind = type.open.form.at(1);
  EXPECT_TRUE(kind.is_case_field);
  EXPECT_TRUE(kind.must);
  EXPECT_EQ(kind.values.size(), 2u);
  const Field& unit = type.find_action("assign")->form.at(0);
  EXPECT_FALSE(unit.is_case_field);
  EXPECT_EQ(unit.reg, "units");
  EXPECT_EQ(unit.group, "matter");
}

TEST_F(Small, an_action_without_outcomes_is_recorded_and_changes_nothing) {
  const Action* action = type.find_action("no_longer");
  ASSERT_EQ(action->outcomes.size(), 1u);
  EXPECT_FALSE(action->outcomes[0].condition);
  EXPECT_EQ(action->answers, "longer");
  EXPECT_FALSE(action->grants);
  EXPECT_TRUE(type.find_action("longer")->grants);
  EXPECT_EQ(type.find_action("fixed")->happened_within_hours, 48);
}

TEST_F(Small, personal_fields_are_in_no_scope) {
  EXPECT_FALSE(type.scope->find("phone"));
  EXPECT_TRUE(type.scope->find("place"));
  EXPECT_EQ(type.open.scope->variables().size(), type.open.variables.size());
  const auto form = type.open.scope->find("form");
  ASSERT_TRUE(form);
  EXPECT_EQ(type.open.scope->variables()[*form].type.find_member("phone"), nullptr);
}

TEST_F(Small, outcomes_are_evaluated_over_look_ups) {
  const Action* action = type.find_action("assign");
  const auto in = slots(action->variables, {{"to", feel::Value::context({{"kind", text("street")}})}});
  EXPECT_TRUE(feel::evaluate(action->outcomes[0].condition->expression, in, {}).value.is_true());
}

TEST_F(Small, a_table_answers_over_the_scope_of_its_action) {
  const Action* action = type.find_action("assign");
  const auto decision =
      dmn::evaluate(action->decisions.at("repair_limit"), slots(action->variables, {{"kind", text("dark")}}), {});
  EXPECT_EQ(limit_of(decision.outputs.get("limit")), (Limit{5, calendar::Unit::working_days}));
  EXPECT_EQ(decision.clauses, std::vector<std::string>{"测府发〔2021〕1号 第三条"});
}

TEST_F(Small, a_guard_reads_clocks_asks_and_parameters) {
  const Action* action = type.find_action("ask_longer");
  const auto decide = [&](bool late, int count) {
    const auto clock = feel::Value::context({{"repair", feel::Value::context({{"late", feel::Value::of(late)}})}});
    const auto asked = feel::Value::context({{"longer", feel::Value::context({{"count", feel::Value::of(count)}})}});
    const auto param = feel::Value::context({{"most", pack->find_parameter("most")->value}});
    return feel::evaluate(action->require_formulas.at(0).expression,
                          slots(action->variables, {{"clock", clock}, {"asked", asked}, {"param", param}}), {})
        .decided();
  };
  EXPECT_EQ(decide(false, 1), true);
  EXPECT_EQ(decide(false, 2), false);
  EXPECT_EQ(decide(true, 0), false);
}

TEST_F(Small, a_letter_names_units_and_dates) {
  const Letter* letter = pack->find_letter("assigned");
  const auto in = slots(
      letter->variables,
      {{"place", text("东街一号")},
       {"case", feel::Value::context({{"number", text("LD-2021-1")}})},
       {"assigned", feel::Value::context({{"mender", text("east")}})},
       {"clock", feel::Value::context(
                     {{"repair", feel::Value::context({{"due_on", feel::Value::of(Date::from(2021, 3, 8))}})}})}});
  std::string written;
  for (const auto& piece : letter->pieces) {
    written += piece.formula ? feel::evaluate(piece.formula->expression, in, {}).value.to_plain_text() : piece.literal;
  }
  EXPECT_EQ(written, "东街一号（LD-2021-1）已派东街道，\n2021年3月8日前修好。\n");
}

TEST(Load, host_functions_ask_the_host) {
  Host host;
  host.entry_name = [](std::string_view reg, std::string_view id, const feel::EvalContext&) -> Result<feel::Value> {
    return feel::Value::text(std::string(reg) + "/" + std::string(id));
  };
  const auto pack = load_pack(packs() + "/small", load_foundations(packs() + "/small"), host).pack;
  const Letter* letter = pack->find_letter("assigned");
  for (const auto& piece : letter->pieces) {
    if (!piece.formula || !piece.formula->text.starts_with("unit_name")) continue;
    const auto in =
        slots(letter->variables, {{"assigned", feel::Value::context({{"mender", feel::Value::text("east")}})}});
    EXPECT_EQ(feel::evaluate(piece.formula->expression, in, {}).value.as_text(), "units/east");
    return;
  }
  FAIL() << "the letter names no unit";
}

TEST(Load, a_library_stands_in_order_of_what_builds_on_what) {
  const auto loaded = load_library(packs());
  std::vector<std::string> ids;
  for (const auto& pack : loaded.content.packs) ids.push_back(pack->id);
  EXPECT_LT(std::find(ids.begin(), ids.end(), "places"), std::find(ids.begin(), ids.end(), "small"));
  EXPECT_NE(loaded.content.find("all_faults"), nullptr);
  EXPECT_FALSE(loaded.ok());
  const auto small = loaded.content.find("small");
  const RegisterType* units = loaded.content.find_register(*small, "units");
  ASSERT_NE(units, nullptr);
  ASSERT_EQ(units->rows.size(), 3u);
  EXPECT_EQ(units->rows[2].values[0].second.as_text(), "西街道（原\"西乡\"）");
  EXPECT_EQ(units->rows[2].valid_to, Date::from(2022, 1, 1));
  EXPECT_EQ(loaded.content.find_register(*small, "nothing"), nullptr);
}

TEST(Limits, as_officials_write_them) {
  using calendar::Unit;
  EXPECT_EQ(parse_limit("15 工作日"), (Limit{15, Unit::working_days}));
  EXPECT_EQ(parse_limit("5个工作日"), (Limit{5, Unit::working_days}));
  EXPECT_EQ(parse_limit("24 小时"), (Limit{24, Unit::hours}));
  EXPECT_EQ(parse_limit("30 分钟"), (Limit{30, Unit::minutes}));
  EXPECT_EQ(parse_limit("10 日"), (Limit{10, Unit::calendar_days}));
  EXPECT_EQ(parse_limit("10 自然日"), (Limit{10, Unit::calendar_days}));
  EXPECT_EQ(parse_limit("2 个月"), (Limit{2, Unit::months}));
  EXPECT_EQ(parse_limit("1 年"), (Limit{12, Unit::months}));
  for (const char* wrong : {"", "工作日", "5", "5 天", "-1 日", "99999999999 日", "5 工作日内"})
    EXPECT_FALSE(parse_limit(wrong)) << wrong;
  EXPECT_EQ(limit_of(to_value(Limit{5, Unit::hours})), (Limit{5, Unit::hours}));
  EXPECT_EQ(to_text(Limit{15, Unit::working_days}), "15 个工作日");
}

TEST(Coverage, counts_clauses_with_rule_scenario_reason_and_nothing) {
  const auto checked = check(packs() + "/small");
  const auto covered = coverage(*checked.pack, checked.scenarios);
  EXPECT_EQ(covered.clauses.size(), 4u);
  EXPECT_EQ(covered.clauses_with_rule, 3u);
  EXPECT_EQ(covered.clauses_with_scenario, 3u);
  EXPECT_EQ(covered.clauses_left, 1u);
  EXPECT_EQ(covered.clauses_bare, 0u);
  EXPECT_EQ(covered.requirements_shown, 2u);
  EXPECT_EQ(covered.requirements_not_here, 1u);
  const auto faulty = check(packs() + "/all_faults");
  const auto bare = coverage(*faulty.pack, faulty.scenarios);
  EXPECT_EQ(bare.clauses_bare, 2u);
  EXPECT_NE(to_text(*faulty.pack, bare).find("all_faults/clauses.yaml:4: 第三条"), std::string::npos);
}

TEST_F(Small, the_manual_says_who_may_do_what_when_and_what_follows) {
  const std::string manual = print_manual(*pack);
  for (const char* words :
       {"路灯报修办法", "测府发〔2021〕1号", "<h3>派修</h3>", "转为“修理中”", "“修好”开始计时（按表“修理期限”，法定）",
        "向报修人发出“已派修”", "请示上级：同意则“同意延长”", "<td>不亮</td><td>5 工作日</td>",
        "申请延长要在到期以前，并且没有超过次数。", "不由软件执行：立法目的", "已报修 → 修理中：派修"}) {
    EXPECT_NE(manual.find(words), std::string::npos) << words;
  }
  EXPECT_EQ(
      manual.find("http://") == std::string::npos || manual.find("http://www.w3.org/2000/svg") != std::string::npos,
      true);
  EXPECT_EQ(manual.find("<script"), std::string::npos);
}

TEST(Manual, names_the_units_and_positions_of_the_packs_it_builds_on) {
  const std::string directory = TONGBAN_SOURCE_DIR "/packs/hotline-12345";
  const Library foundations = load_foundations(directory);
  const Loaded loaded = load_pack(directory, foundations);
  ASSERT_TRUE(loaded.ok());
  const std::string manual = print_manual(*loaded.pack, foundations);
  EXPECT_NE(manual.find("12345热线的岗位 派单员"), std::string::npos);
  EXPECT_EQ(manual.find("的岗位 dispatcher"), std::string::npos);
}

}  // namespace
}  // namespace tongban::pack
