// A *.case.yaml into a CaseType. Names are looked up here only where the model copies what they name (fields of forms,
// states of `from`); whether all others exist is the checker's question.
#include <algorithm>
#include <set>

#include "base/digits.h"
#include "base/text.h"
#include "pack/near.h"
#include "pack/read.h"

namespace tongban::pack {

// Ids of a map: letters, digits, - and _.
void check_id(const std::string& id, const Source& source, std::string_view what, ReadContext& context) {
  const bool good = !id.empty() && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  if (!good)
    add_fault(context.faults, source, "form",
              std::string(what) + " `" + id + "`: an id has letters, digits, - and _ only.");
}

namespace {

constexpr int64_t kMaxUndoSeconds = 600;
constexpr int64_t kMostHoursBack = 3660 * 24;  // ten years: what was told later than that is a slip of the pen

std::optional<int64_t> parse_seconds(std::string_view text) {
  constexpr std::string_view kSeconds = "秒";
  text = trim(text);
  if (!text.ends_with(kSeconds)) return std::nullopt;
  text = trim(text.substr(0, text.size() - kSeconds.size()));
  return text.empty() || text.size() > 4 ? std::nullopt : parse_digits(text);
}

template <class Word, size_t N>
bool read_word(MapReader& reader, std::string_view key, const std::pair<std::string_view, Word> (&words)[N],
               Word& target, std::string_view what, ReadContext& context) {
  const std::string text = reader.text(key);
  if (text.empty()) return false;
  std::vector<std::string> known;
  for (const auto& [word, value] : words) {
    known.emplace_back(word);
    if (text != word) continue;
    target = value;
    return true;
  }
  add_fault(context.faults, reader.source_of(key), "form",
            std::string(what) + ": `" + std::string(key) + ": " + text + "` is not known; one of " + join(known, ", ") +
                "." + did_you_mean(text, known));
  return false;
}

Role read_role(const std::string& id, const Node& node, ReadContext& context) {
  Role role;
  role.id = id;
  role.source = node.source;
  MapReader reader(node, "role " + id, context.faults);
  role.title = reader.need_text("title");
  role.title_en = reader.text("title_en");
  role.positions = reader.texts("position");
  role.not_acts = reader.texts("not");
  int relations = 0;
  const auto take = [&](std::string_view key, RoleRelation relation, std::string* target) {
    const std::string text = reader.text(key);
    if (text.empty()) return;
    ++relations;
    role.relation = relation;
    if (target) *target = text;
  };
  take("unit", RoleRelation::unit, &role.unit);
  take("assignment", RoleRelation::assignment, &role.assignment);
  take("root_of", RoleRelation::root_of, &role.assignment);
  take("superior_of", RoleRelation::superior_of, &role.assignment);
  take("any_assigned", RoleRelation::any_assigned, nullptr);
  take("party", RoleRelation::party, nullptr);
  take("system", RoleRelation::system, nullptr);
  take("anyone", RoleRelation::anyone, nullptr);
  const std::string line = reader.text("line");
  if (!line.empty() && line != "handing") {
    add_fault(context.faults, reader.source_of("line"), "not-supported",
              "role " + id + ": the line `" + line + "` is not supported yet (handing is).");
  }
  for (const std::string_view key : {"decision", "credential", "together", "holder_of"}) reader.not_supported(key);
  reader.finish();
  if (relations != 1 && node.is_map()) {
    add_fault(context.faults, role.source, "role",
              "role " + id +
                  ": exactly one relation to the case is needed: unit, assignment, root_of, superior_of, any_assigned, "
                  "party, system or anyone.");
  }
  const bool needs_position = role.relation == RoleRelation::unit || role.relation == RoleRelation::assignment ||
                              role.relation == RoleRelation::root_of || role.relation == RoleRelation::superior_of ||
                              role.relation == RoleRelation::any_assigned;
  if (needs_position && relations == 1 && role.positions.empty()) {
    add_fault(context.faults, role.source, "role",
              "role " + id + ": `position` is missing: which position in the unit?");
  }
  return role;
}

AssignmentType read_assignment(const std::string& id, const Node& node, ReadContext& context) {
  AssignmentType assignment;
  assignment.id = id;
  assignment.source = node.source;
  MapReader reader(node, "assignment " + id, context.faults);
  assignment.title = reader.need_text("title");
  assignment.title_en = reader.text("title_en");
  const std::string of = reader.text("of");
  assignment.of_person = of == "person";
  if (!of.empty() && of != "unit" && of != "person") {
    add_fault(context.faults, reader.source_of("of"), "form", "assignment " + id + ": `of` is unit or person.");
  }
  assignment.one = reader.yes_no("one");
  assignment.under = reader.text("under");
  reader.finish();
  return assignment;
}

ClockDef read_clock(const std::string& id, const Node& node, const Basis& fallback, ReadContext& context) {
  ClockDef clock;
  clock.id = id;
  clock.source = node.source;
  const std::string what = "clock " + id;
  MapReader reader(node, what, context.faults);
  clock.title = reader.need_text("title");
  clock.title_en = reader.text("title_en");
  static constexpr std::pair<std::string_view, ClockType> kTypes[] = {{"deadline", ClockType::deadline},
                                                                      {"window", ClockType::window},
                                                                      {"not before", ClockType::not_before},
                                                                      {"not_before", ClockType::not_before},
                                                                      {"elapsed", ClockType::elapsed}};
  static constexpr std::pair<std::string_view, ClockScope> kScopes[] = {{"case", ClockScope::per_case},
                                                                        {"assignment", ClockScope::per_assignment},
                                                                        {"chain", ClockScope::per_chain},
                                                                        {"ask", ClockScope::per_ask}};
  static constexpr std::pair<std::string_view, Force> kForces[] = {
      {"statutory", Force::statutory}, {"promise", Force::promise}, {"target", Force::target}};
  static constexpr std::pair<std::string_view, Again> kAgain[] = {
      {"keep", Again::keep}, {"restart", Again::restart}, {"add", Again::add}};
  read_word(reader, "type", kTypes, clock.type, what, context);
  read_word(reader, "per", kScopes, clock.scope, what, context);
  read_word(reader, "force", kForces, clock.force, what, context);
  clock.again_stated = read_word(reader, "again", kAgain, clock.again, what, context);
  const std::string limit = reader.text("limit");
  if (limit.starts_with("param."))
    clock.limit_parameter = limit.substr(6);
  else if (!limit.empty() && limit[0] >= '0' && limit[0] <= '9') {
    clock.limit = parse_limit(limit);
    if (!clock.limit)
      add_fault(
          context.faults, reader.source_of("limit"), "type",
          what + ": `" + limit +
              "` is no limit. Write 5 工作日, 10 自然日, 24 小时, 30 分钟 or 2 个月 (天 does not say which days).");
  } else {
    clock.limit_decision = limit;
  }
  clock.owner = reader.text("owner");
  const std::string late = reader.text("late");
  if (!late.empty() && late != "flag")
    add_fault(context.faults, reader.source_of("late"), "not-supported",
              what + ": `late: " + late + "` is not supported yet (flag is).");
  if (reader.yes_no("validity")) clock.kind = calendar::Kind::validity;
  if (reader.yes_no("backward")) clock.kind = calendar::Kind::backward;
  const std::string calendar = reader.text("calendar");
  if (!calendar.empty() && calendar != "china")
    add_fault(context.faults, reader.source_of("calendar"), "not-supported",
              what + ": another calendar than china is not supported yet.");
  for (const std::string_view key : {"from", "until", "date"}) reader.not_supported(key);
  if (reader.find("public")) clock.is_public = reader.yes_no("public");
  clock.basis = read_basis(reader, fallback, context);
  reader.finish();
  if (limit.empty() && node.is_map() && clock.type != ClockType::elapsed) {
    add_fault(context.faults, clock.source, "missing", what + ": `limit` is missing (only an elapsed clock has none).");
  }
  return clock;
}

State read_state(const std::string& id, const Node& node, ReadContext& context) {
  State state;
  state.id = id;
  state.source = node.source;
  MapReader reader(node, "state " + id, context.faults);
  state.title = reader.need_text("title");
  state.title_en = reader.text("title_en");
  state.public_title = reader.text("public_title");
  state.public_title_en = reader.text("public_title_en");
  state.held_by = reader.texts("held_by");
  state.final = reader.yes_no("final");
  state.result = reader.text("result");
  state.keep = reader.text("keep");
  reader.finish();
  return state;
}

std::vector<std::pair<std::string, Formula>> read_formulas(MapReader& reader, std::string_view key,
                                                           ReadContext& context) {
  std::vector<std::pair<std::string, Formula>> formulas;
  const Node* map = reader.find_map(key);
  if (!map) return formulas;
  for (const auto& entry : map->entries) {
    if (!entry.value.is_scalar()) {
      add_fault(context.faults, entry.source, "form", "`" + entry.key + "` must be one formula, a text.");
      continue;
    }
    formulas.emplace_back(entry.key, make_formula(entry.value.text, entry.value.source));
  }
  return formulas;
}

OpenCase read_open_case(const Node& node, ReadContext& context) {
  OpenCase open;
  MapReader reader(node, "open", context.faults);
  open.case_type = reader.need_text("case");
  open.link = reader.text("link");
  open.form = read_formulas(reader, "form", context);
  reader.finish();
  return open;
}

Outcome read_outcome(const Node& node, size_t index, const Basis& fallback, ReadContext& context) {
  Outcome outcome;
  outcome.source = node.source;
  MapReader reader(node, "outcome", context.faults);
  outcome.id = reader.text("as");
  if (outcome.id.empty()) outcome.id = std::to_string(index + 1);
  if (const Node* condition = reader.find("if")) {
    if (condition->is_scalar())
      outcome.condition = make_formula(condition->text, condition->source);
    else
      add_fault(context.faults, condition->source, "form", "outcome: `if` must be one formula, a text.");
  }
  outcome.when = reader.text("when");
  if (!outcome.when.empty() && !outcome.condition)
    add_fault(context.faults, reader.source_of("when"), "form",
              "outcome " + outcome.id + ": `when` puts `if` in words; without `if` it says nothing.");
  outcome.to = reader.text("to");
  outcome.set = read_formulas(reader, "set", context);
  outcome.assign = read_formulas(reader, "assign", context);
  outcome.end = reader.texts("end");
  static constexpr std::pair<std::string_view, ClockEffect> kEffects[] = {
      {"start", ClockEffect::start},     {"stop", ClockEffect::stop},     {"claim", ClockEffect::claim},
      {"confirm", ClockEffect::confirm}, {"reopen", ClockEffect::reopen}, {"pause", ClockEffect::pause},
      {"resume", ClockEffect::resume},   {"extend", ClockEffect::extend}, {"cancel", ClockEffect::cancel}};
  if (const Node* clocks = reader.find_map("clocks")) {
    for (const auto& entry : clocks->entries) {
      // One clock may get several effects at once: [stop, start].
      std::vector<std::pair<std::string, Source>> words;
      if (entry.value.is_scalar()) words.emplace_back(entry.value.text, entry.value.source);
      for (const auto& item : entry.value.items) words.emplace_back(item.text, item.source);
      for (const auto& [word, source] : words) {
        const auto found =
            std::find_if(std::begin(kEffects), std::end(kEffects), [&](const auto& e) { return e.first == word; });
        if (found == std::end(kEffects)) {
          add_fault(context.faults, source, "form",
                    "clock " + entry.key + ": `" + word +
                        "` is no effect; one of start, stop, claim, confirm, reopen, pause, resume, extend, cancel.");
        } else {
          outcome.clocks.emplace_back(entry.key, found->second);
        }
      }
    }
  }
  if (const Node* send = reader.find_map("send")) {
    for (const auto& entry : send->entries) {
      if (entry.value.is_scalar()) outcome.send.emplace_back(entry.key, entry.value.text);
      for (const auto& item : entry.value.items) outcome.send.emplace_back(entry.key, item.text);
    }
  }
  if (const Node* open = reader.find("open")) {
    if (open->is_list()) {
      for (const auto& item : open->items) outcome.open.push_back(read_open_case(item, context));
    } else {
      outcome.open.push_back(read_open_case(*open, context));
    }
  }
  outcome.links_other = reader.yes_no("link");
  outcome.unlink = reader.texts("unlink");
  outcome.flags = reader.texts("flag");
  outcome.basis = read_basis(reader, fallback, context);
  reader.finish();
  return outcome;
}

// A form entry: the case field of that name, or a field of the act alone.
std::optional<Field> read_form_entry(const Node::Entry& entry, const CaseType& type, const std::string& group,
                                     ReadContext& context) {
  const bool short_form = entry.value.is_scalar();
  Field given;
  bool case_field = false;
  if (short_form) {
    case_field = entry.value.text == "field";
    given.id = entry.key;
    given.source = entry.source;
    if (!case_field && !read_kind(entry.value.text, given)) {
      add_fault(context.faults, entry.source, "unknown-kind",
                "form entry " + entry.key + ": the kind `" + entry.value.text + "` is not known." +
                    did_you_mean(entry.value.text, {"field", "text", "long text", "number", "yes/no", "date", "instant",
                                                    "limit", "phone", "file"}));
    }
  } else {
    given = read_field(entry.key, entry.value, {}, context);
    given.source = entry.source;
    case_field = given.is_case_field;
  }
  if (case_field) {
    const Field* field = type.find_field(entry.key);
    if (!field) {
      add_fault(context.faults, entry.source, "unknown-name",
                "form entry " + entry.key + ": the case has no field of that name." +
                    did_you_mean(entry.key, ids_of(type.fields)));
      return std::nullopt;
    }
    Field copy = *field;
    copy.is_case_field = true;
    copy.source = entry.source;
    if (!given.suggest.empty()) copy.suggest = given.suggest;
    if (!given.show_if.empty()) copy.show_if = given.show_if;
    if (!given.title.empty()) copy.title = given.title, copy.title_en = given.title_en;
    if (!given.help.empty()) copy.help = given.help, copy.help_en = given.help_en;
    return copy;
  }
  if (given.title.empty()) {
    add_fault(context.faults, entry.source, "no-title",
              "form entry " + entry.key + " has no title: write {is: …, title: …}.");
  }
  if (given.group.empty()) given.group = group;
  return given;
}

Action read_action(const std::string& id, const Node& node, const CaseType& type, bool is_open, ReadContext& context) {
  Action action;
  action.id = id;
  action.source = node.source;
  const std::string what = "action " + id;
  MapReader reader(node, what, context.faults);
  action.title = reader.need_text("title");
  action.title_en = reader.text("title_en");
  action.help = reader.text("help");
  action.help_en = reader.text("help_en");
  action.primary = reader.yes_no("primary");
  action.irreversible = reader.yes_no("irreversible");
  action.key = reader.text("key");
  if (!action.key.empty() && (action.key.size() != 1 || action.key[0] < 'a' || action.key[0] > 'z'))
    add_fault(context.faults, reader.source_of("key"), "form", what + ": `key` is one letter from a to z.");
  action.basis = read_basis(reader, type.basis, context);
  for (const std::string& by : reader.texts("by")) {
    if (by.starts_with("timer ")) {
      action.by_timer = true;
      action.timer_clock = std::string(trim(std::string_view(by).substr(6)));
    } else if (by.starts_with("link ")) {
      add_fault(context.faults, reader.source_of("by"), "not-supported",
                what + ": `by: " + by + "` is not supported yet; a reaction with `act` does it.");
    } else {
      action.by.push_back(by);
    }
  }
  if (action.by.empty() && !action.by_timer && node.is_map()) {
    add_fault(context.faults, action.source, "missing", what + ": `by` is missing: who may take it?");
  }
  const Node* from = reader.find("from");
  const std::vector<std::string> except = reader.texts("except");
  if (is_open && from) add_fault(context.faults, from->source, "form", "`open` has no `from`.");
  if (!is_open && !from && node.is_map())
    add_fault(context.faults, action.source, "missing", what + ": `from` is missing: [state, …], open or always.");
  if (from && !is_open) {
    const bool every = from->is_scalar() && (from->text == "always" || from->text == "open");
    if (every) {
      for (const auto& state : type.states) {
        const bool out = std::find(except.begin(), except.end(), state.id) != except.end();
        if (!out && (from->text == "always" || !state.final)) action.from.push_back(state.id);
      }
    } else {
      for (const std::string& state : reader.texts("from")) {
        if (!type.find_state(state)) {
          add_fault(context.faults, from->source, "unknown-name",
                    what + ": there is no state `" + state + "`." + did_you_mean(state, ids_of(type.states)));
        } else if (std::find(except.begin(), except.end(), state) == except.end()) {
          action.from.push_back(state);
        }
      }
    }
    for (const std::string& state : except) {
      if (!type.find_state(state))
        add_fault(context.faults, reader.source_of("except"), "unknown-name",
                  what + ": there is no state `" + state + "`." + did_you_mean(state, ids_of(type.states)));
    }
  }
  if (const Node* form = reader.find_map("form")) {
    MapReader form_reader(*form, what + ", form", context.faults);
    action.group = form_reader.text("group");
    std::set<std::string> seen;
    for (const std::string_view part : {"must", "may", "staff"}) {
      const Node* entries = form_reader.find_map(part);
      if (!entries) continue;
      for (const auto& entry : entries->entries) {
        check_id(entry.key, entry.source, "form entry", context);
        if (!seen.insert(entry.key).second)
          add_fault(context.faults, entry.source, "duplicate",
                    what + ": the form entry `" + entry.key + "` stands twice under must, may and staff.");
        auto field = read_form_entry(entry, type, action.group, context);
        if (!field) continue;
        field->must = part == "must";
        field->staff_only = part == "staff";
        action.form.push_back(std::move(*field));
      }
    }
    form_reader.finish();
    if (action.group.empty()) {  // the group of its fields
      const bool own = std::any_of(action.form.begin(), action.form.end(),
                                   [](const Field& f) { return !f.is_case_field && f.group.empty(); });
      if (own)
        add_fault(context.faults, form->source, "no-group",
                  what + ": the form has entries of its own and needs `group: …` (who sees them?).");
      if (!action.form.empty()) action.group = action.form.front().group;
    }
  }
  action.happened = reader.text("happened");
  const std::string within = reader.text("happened_within");
  if (!within.empty()) {
    const auto limit = parse_limit(within);
    if (limit && limit->unit == calendar::Unit::hours)
      action.happened_within_hours = limit->n;
    else if (limit && limit->unit == calendar::Unit::calendar_days)
      action.happened_within_hours = limit->n * 24;
    else
      add_fault(context.faults, reader.source_of("happened_within"), "type",
                what + ": `happened_within` must be hours, e.g. 72 小时.");
    if (action.happened_within_hours < 1 || action.happened_within_hours > kMostHoursBack)
      add_fault(context.faults, reader.source_of("happened_within"), "type",
                what + ": `happened_within: " + within + "` is no sensible limit; write 1 小时 to 3660 自然日.");
  }
  if (const Node* look_ups = reader.find_map("look_up")) {
    for (const auto& entry : look_ups->entries) {
      MapReader row(entry.value, "look-up " + entry.key, context.faults);
      LookUp look_up{.id = entry.key,
                     .reg = row.need_text("in"),
                     .kind = LookUpKind::where,
                     .key = make_formula("null", entry.source),
                     .where = {},
                     .at = "",
                     .source = entry.source};
      int kinds = 0;
      for (const auto& [key, kind] :
           {std::pair{"key", LookUpKind::by_key}, std::pair{"nearest", LookUpKind::nearest}}) {
        if (const Node* value = row.find(key)) {
          ++kinds;
          look_up.kind = kind;
          look_up.key = make_formula(value->text, value->source);
        }
      }
      if (look_up.kind == LookUpKind::by_key) {
        for (const std::string_view key : {"where", "count", "exists"}) {
          if (row.find(key))
            add_fault(
                context.faults, entry.source, "form",
                "look-up " + entry.key + ": `key` finds one entry; `" + std::string(key) + "` cannot stand beside it.");
        }
      } else {
        look_up.where = read_formulas(row, "where", context);
        for (const auto& [key, kind] :
             {std::pair{"count", LookUpKind::count}, std::pair{"exists", LookUpKind::exists}}) {
          auto formulas = read_formulas(row, key, context);
          if (!row.find(key)) continue;
          ++kinds;
          look_up.kind = kind;
          for (auto& f : formulas) look_up.where.push_back(std::move(f));
        }
        if (kinds == 0 && look_up.where.empty())
          add_fault(context.faults, entry.source, "form",
                    "look-up " + entry.key + ": one of key, nearest, where, count, exists is needed.");
      }
      look_up.at = row.text("at");
      if (look_up.at.empty() && entry.value.is_map()) {
        add_fault(
            context.faults, entry.source, "look-up-as-of",
            "look-up " + entry.key + ": `at` is missing: as of when? open, act, or a date field. There is no default.");
      }
      for (const std::string_view key : {"all", "sum", "linked"}) row.not_supported(key);
      row.finish();
      action.look_ups.push_back(std::move(look_up));
    }
  }
  action.decide = reader.texts("decide");
  action.require = reader.texts("require");
  if (const Node* ask = reader.find_map("ask")) {
    MapReader row(*ask, what + ", ask", context.faults);
    Ask value;
    value.id = row.text("name");
    if (value.id.empty()) value.id = id;
    value.of_role = row.need_text("of");
    value.shields = row.text("shields");
    value.amount = row.text("amount");
    value.granted = row.need_text("granted");
    value.refused = row.need_text("refused");
    row.finish();
    action.ask = std::move(value);
  }
  if (const Node* undoes = reader.find_map("undoes")) {
    MapReader row(*undoes, what + ", undoes", context.faults);
    action.undoes.action = row.need_text("act");
    const std::string within_text = row.need_text("within");
    if (const auto seconds = parse_seconds(within_text); seconds && *seconds >= 1 && *seconds <= kMaxUndoSeconds)
      action.undoes.within_ms = *seconds * 1000;
    else if (!within_text.empty())
      add_fault(context.faults, row.source_of("within"), "type",
                what + ": `within` must be 1 to 600 seconds, e.g. 10 秒.");
    row.finish();
  }
  if (const Node* other = reader.find_map("other")) {
    MapReader row(*other, what + ", other", context.faults);
    action.other.field = row.text("field");
    action.other.link = row.need_text("link");
    row.finish();
    if (is_open != action.other.field.empty())
      add_fault(context.faults, other->source, "form",
                is_open ? "open: `other` has no `field`; who opens the case says which."
                        : what + ": other: `field` is missing: which form entry names the case?");
  }
  action.of_assignment = reader.text("of_assignment");
  action.own_assignment = !action.of_assignment.empty();
  if (const Node* outcomes = reader.find("outcomes")) {
    if (outcomes->is_list()) {
      for (const auto& item : outcomes->items)
        action.outcomes.push_back(read_outcome(item, action.outcomes.size(), action.basis, context));
    } else {
      add_fault(context.faults, outcomes->source, "form", what + ": `outcomes` must be a list.");
    }
  }
  if (action.outcomes.empty()) {  // an act that is only recorded: a note, a question
    Outcome outcome;
    outcome.id = "1";
    outcome.basis = action.basis;
    outcome.source = action.source;
    action.outcomes.push_back(std::move(outcome));
  }
  for (const std::string_view key : {"together", "recount", "bundle", "put", "hold", "reserve", "commit", "release"})
    reader.not_supported(key);
  reader.finish();
  return action;
}

Reaction read_reaction(const std::string& id, const Node& node, const CaseType& type, ReadContext& context) {
  Reaction reaction;
  reaction.id = id;
  reaction.source = node.source;
  MapReader reader(node, "reaction " + id, context.faults);
  const std::string after = reader.need_text("after");
  const size_t space = after.find(' ');
  const std::string word = after.substr(0, space);
  reaction.of = space == std::string::npos ? after : std::string(trim(std::string_view(after).substr(space)));
  if (space != std::string::npos && word == "late")
    reaction.trigger = Reaction::Trigger::late;
  else if (space != std::string::npos && word == "action")
    reaction.trigger = Reaction::Trigger::action;
  else if (space != std::string::npos && word == "state")
    reaction.trigger = Reaction::Trigger::state;
  else if (space == std::string::npos && type.find_action(after))
    reaction.trigger = Reaction::Trigger::action;
  else if (space == std::string::npos && type.find_state(after))
    reaction.trigger = Reaction::Trigger::state;
  else if (!after.empty()) {
    add_fault(context.faults, reader.source_of("after"), "form",
              "reaction " + id + ": `after` is `late <clock>`, `action <action>` or `state <state>`.");
    reaction.of.clear();
  }
  if (const Node* open = reader.find("open")) reaction.open = read_open_case(*open, context);
  reaction.link_kind = reader.text("link");
  if (constexpr std::string_view inverse = "inverse "; reaction.link_kind.starts_with(inverse)) {
    reaction.inverse = true;
    reaction.link_kind = std::string(trim(std::string_view(reaction.link_kind).substr(inverse.size())));
  }
  if (const Node* condition = reader.find("if")) reaction.condition = make_formula(condition->text, condition->source);
  reaction.act = reader.text("act");
  reaction.form = read_formulas(reader, "form", context);
  reaction.basis = read_basis(reader, type.basis, context);
  for (const std::string_view key : {"ensure", "plan", "gather", "bundle", "correlate", "watch"})
    reader.not_supported(key);
  reader.finish();
  if (!reaction.open && reaction.act.empty()) {
    add_fault(context.faults, reaction.source, "missing",
              "reaction " + id + ": `open: {case: …}` or `link: …, act: …` is needed.");
  }
  if (!reaction.act.empty() && reaction.link_kind.empty()) {
    add_fault(context.faults, reaction.source, "missing",
              "reaction " + id + ": `link` is missing: on the cases linked how?");
  }
  return reaction;
}

}  // namespace

void read_case(const Node& root, ReadContext& context) {
  CaseType type;
  type.source = root.source;
  MapReader reader(root, "case", context.faults);
  type.id = reader.need_text("case");
  type.title = reader.need_text("title");
  type.title_en = reader.text("title_en");
  type.help = reader.text("help");
  type.help_en = reader.text("help_en");
  type.basis = read_basis(reader, {}, context);
  if (const Node* number = reader.find_map("number")) {
    MapReader row(*number, "number", context.faults);
    type.number_pattern = row.need_text("pattern");
    const std::string gaps = row.text("gaps");
    if (!gaps.empty() && gaps != "allowed")
      add_fault(context.faults, row.source_of("gaps"), "not-supported",
                "number: numbers without gaps (cells) are not supported yet.");
    row.finish();
  } else if (root.is_map()) {
    add_fault(context.faults, root.source, "missing", "case " + type.id + ": `number: {pattern: …}` is missing.");
  }
  type.tracking = reader.yes_no("tracking") ? "yes" : "";
  type.public_opening = reader.yes_no("public_opening") ? "yes" : "";
  if (const Node* party = reader.find_map("party")) {
    MapReader row(*party, "party", context.faults);
    type.party_phone = row.text("phone");
    type.party_name = row.text("name");
    row.finish();
  }
  type.title_field = reader.text("title_field");

  const auto each = [&](std::string_view key, std::string_view what, const auto& read) {
    const Node* map = reader.find_map(key);
    if (!map) return;
    for (const auto& entry : map->entries) {
      check_id(entry.key, entry.source, what, context);
      read(entry);
    }
  };
  each("fields", "field", [&](const Node::Entry& entry) {
    Field field = read_field(entry.key, entry.value, type.basis, context);
    field.source = entry.source;
    if (field.title.empty())
      add_fault(context.faults, entry.source, "no-title", "field " + entry.key + " has no title.");
    type.fields.push_back(std::move(field));
  });
  each("groups", "group", [&](const Node::Entry& entry) {
    Group group;
    group.id = entry.key;
    group.source = entry.source;
    MapReader row(entry.value, "group " + entry.key, context.faults);
    group.title = row.text("title");
    group.title_en = row.text("title_en");
    if (group.title.empty()) group.title = group.id;
    group.sees = row.texts("sees");
    const std::string purpose = row.text("purpose");
    group.purpose_required = purpose == "required";
    if (!purpose.empty() && purpose != "required")
      add_fault(context.faults, entry.source, "form", "group " + entry.key + ": `purpose` can only be required.");
    group.hide_from = row.texts("hide_from");
    group.hide_if = row.text("hide_if");
    row.finish();
    type.groups.push_back(std::move(group));
  });
  const auto put = [&](auto& list, auto item, const Node::Entry& entry) {
    item.source = entry.source;
    list.push_back(std::move(item));
  };
  each("roles", "role",
       [&](const Node::Entry& entry) { put(type.roles, read_role(entry.key, entry.value, context), entry); });
  each("assignments", "assignment", [&](const Node::Entry& entry) {
    put(type.assignments, read_assignment(entry.key, entry.value, context), entry);
  });
  each("clocks", "clock", [&](const Node::Entry& entry) {
    put(type.clocks, read_clock(entry.key, entry.value, type.basis, context), entry);
  });
  each("states", "state",
       [&](const Node::Entry& entry) { put(type.states, read_state(entry.key, entry.value, context), entry); });
  if (const Node* open = reader.find("open")) {
    type.open = read_action("open", *open, type, true, context);
    type.open.source = reader.source_of("open");
  } else if (root.is_map()) {
    add_fault(context.faults, root.source, "missing",
              "case " + type.id + ": `open` is missing: how does a case begin?");
  }
  each("actions", "action", [&](const Node::Entry& entry) {
    Action action = read_action(entry.key, entry.value, type, false, context);
    if (entry.key == "open")
      add_fault(context.faults, entry.source, "duplicate",
                "An action cannot be named open: that is the act that opens the case.");
    put(type.actions, std::move(action), entry);
  });
  each("links", "link", [&](const Node::Entry& entry) {
    LinkKind link;
    link.id = entry.key;
    MapReader row(entry.value, "link " + entry.key, context.faults);
    link.title = row.need_text("title");
    link.title_en = row.text("title_en");
    link.inverse_title_en = row.text("inverse_title_en");
    link.inverse_title = row.text("inverse");
    if (link.inverse_title.empty()) link.inverse_title = row.text("inverse_title");
    link.to = row.need_text("to");
    link.holds = row.texts("holds");
    link.at_opening = row.yes_no("at_opening");
    row.finish();
    put(type.links, std::move(link), entry);
  });
  each("reactions", "reaction", [&](const Node::Entry& entry) {
    put(type.reactions, read_reaction(entry.key, entry.value, type, context), entry);
  });
  for (const auto& [id, title] : reader.text_map("flags")) {
    type.flags.push_back(id);
    type.flag_titles[id] = title;
  }
  for (auto& [id, title] : reader.text_map("flags_en")) {
    if (!type.flag_titles.contains(id))
      add_fault(context.faults, reader.source_of("flags_en"), "unknown-name",
                "case " + type.id + ": `flags_en` names `" + id + "`, which `flags` does not have.");
    type.flag_titles_en[id] = std::move(title);
  }
  read_page_hints(reader, type, context);
  for (const std::string_view key : {"parties", "obligations", "cells", "plans", "watch"}) reader.not_supported(key);
  reader.finish();

  // Two actions of one state cannot have the same shortcut.
  for (size_t i = 0; i < type.actions.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      const Action &a = type.actions[i], &b = type.actions[j];
      const bool meet = std::any_of(a.from.begin(), a.from.end(), [&](const std::string& state) {
        return std::find(b.from.begin(), b.from.end(), state) != b.from.end();
      });
      if (!a.key.empty() && a.key == b.key && meet)
        add_fault(
            context.faults, a.source, "duplicate",
            "action " + a.id + ": the key `" + a.key + "` is taken by " + b.id + ", which the same state offers.");
    }
  }

  // Asks name the actions that answer them.
  for (const auto& asking : type.actions) {
    if (!asking.ask) continue;
    for (auto& action : type.actions) {
      if (action.id != asking.ask->granted && action.id != asking.ask->refused) continue;
      action.answers = asking.ask->id;
      action.grants = action.id == asking.ask->granted;
    }
  }
  for (const auto& undoing : type.actions) {
    if (undoing.undoes.action.empty()) continue;
    for (auto& action : type.actions) {
      if (action.id == undoing.undoes.action) action.undo_within_ms = undoing.undoes.within_ms;
    }
  }
  context.pack.cases.push_back(std::move(type));
}

}  // namespace tongban::pack
