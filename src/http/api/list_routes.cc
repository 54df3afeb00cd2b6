// Lists as pages ask for them: counts with the due horizon, registers searched by meaning of their words, and cases
// that look like the one being filed.
#include <algorithm>
#include <map>

#include "base/text.h"
#include "engine/words.h"
#include "http/api/case_json.h"
#include "http/api/form_json.h"
#include "http/api/impl.h"
#include "kernel/estimate.h"

namespace tongban::http {
namespace {

constexpr int kHorizonDays = 25;
constexpr size_t kMostGroups = 50;
constexpr size_t kMostEntries = 200;         // of a page of a register
constexpr size_t kMostFound = 50;            // by a search in a register
constexpr uint64_t kMostRowsCounted = 2000;  // of a list that only the store can narrow down
constexpr size_t kMostSimilar = 5;

// The counts of a list that words, a number or closed cases narrow: by its pages, as far as the bound goes.
Result<facility::BoardCounts> count_pages(const store::Store& store, store::CaseQuery query,
                                          const std::vector<std::string>& hidden_types, Instant now, bool& bounded) {
  facility::BoardCounts counts;
  std::map<std::pair<std::string, std::string>, uint64_t> states;
  std::map<Date, facility::BoardCounts::Day> days;
  query.limit = 200;
  while (counts.total < kMostRowsCounted) {
    const auto page = TRY(store.list_cases(query));
    for (const auto& row : page.rows) {
      if (std::find(hidden_types.begin(), hidden_types.end(), row.type) != hidden_types.end()) continue;
      ++counts.total;
      ++states[{row.type, row.state}];
      if (!row.due_at) continue;
      auto& day = days[local_date(row.due_at->plus_ms(-1))];
      ++day.count;
      day.late += *row.due_at < now;
    }
    query.after = page.next;
    if (page.next.empty()) break;
  }
  bounded = !query.after.empty();
  for (const auto& [key, count] : states) counts.states.push_back({key.first, key.second, count});
  for (auto& [date, day] : days) {
    day.due_on = date;
    counts.days.push_back(day);
  }
  return counts;
}

// Each shared bigram counts; a name that holds the whole query stands first.
int64_t score_of(const std::vector<std::string>& asked, const std::vector<std::string>& words) {
  std::vector<std::string> shared;
  std::set_intersection(asked.begin(), asked.end(), words.begin(), words.end(), std::back_inserter(shared));
  return static_cast<int64_t>(shared.size());
}

// What stands above an entry in its hierarchy, outermost first, without the root where there is more than that.
std::string path_of(const kernel::Registers& registers, const std::string& reg, std::string id, Date day) {
  std::vector<std::string> names;
  for (int level = 0; level < 8; ++level) {
    id = registers.parent_of(reg, id, day);
    if (id.empty()) break;
    names.push_back(registers.name_of(reg, id, day));
  }
  if (names.size() > 1) names.pop_back();
  std::reverse(names.begin(), names.end());
  return join(names, " ");
}

// All texts of an entry's values, without the name.
std::string texts_of(const feel::Value& values) {
  std::string text;
  if (values.kind() != feel::Value::Kind::context) return text;
  for (const auto& [name, value] : values.as_context()) {
    if (value.kind() == feel::Value::Kind::text) text += " " + value.as_text();
  }
  return text;
}

// The names of the entries that an entry refers to: a position is found by its unit and by the person who holds it.
std::string referred_names(const kernel::Registers& registers, const pack::RegisterType& type,
                           const feel::Value& values, Date day) {
  std::string text;
  for (const pack::Field& field : type.fields) {
    if (field.kind != pack::FieldKind::entry || field.list) continue;
    const feel::Value id = values.get(field.id);
    if (id.kind() == feel::Value::Kind::text) text += " " + registers.name_of(field.reg, id.as_text(), day);
  }
  return text;
}

const pack::RegisterType* find_register(const pack::Library& packs, std::string_view id) {
  for (auto it = packs.packs.rbegin(); it != packs.packs.rend(); ++it) {
    if (const auto* reg = (*it)->find_register(id)) return reg;
  }
  return nullptr;
}

}  // namespace

// Types of which no case in that list is there for the reader: the list leaves them out, so its counts do.
static std::vector<std::string> hidden_types_of(const Call& call, const std::string& holder, const pack::Library& packs,
                                                const kernel::Registers& registers) {
  constexpr std::string_view kUnit = "unit:";
  std::vector<std::string> hidden;
  if (!holder.starts_with(kUnit)) return hidden;
  const std::string_view unit = std::string_view(holder).substr(kUnit.size());
  for (const auto& pack : packs.packs) {
    for (const auto& type : pack->cases) {
      if (!kernel::may_meet(call.actor(), unit, type, registers, local_date(call.now)))
        hidden.push_back(pack->id + "/" + type.id);
    }
  }
  return hidden;
}

static void count_cases(Api::Impl& api, const CallPtr& call) {
  const auto registers = api.parts.engine->registers();
  const auto query = case_query_of(*call, *registers);
  if (!query) return;
  const std::string by(call->request.find_query("by").value_or(""));
  const bool narrowed = !query->words.empty() || !query->number_prefix.empty() || query->open == false;
  bool bounded = false;
  const auto hidden_types = hidden_types_of(*call, query->holder, api.parts.engine->packs(), *registers);
  auto counted = narrowed ? count_pages(*api.parts.store, *query, hidden_types, call->now, bounded)
                          : api.board.count({.holder = query->holder,
                                             .to_act = query->to_act,
                                             .late = query->late,
                                             .relation = query->relation,
                                             .type = query->type,
                                             .states = query->states,
                                             .hidden_types = hidden_types,
                                             .due_from = query->due_from,
                                             .due_before = query->due_before,
                                             .opened_from = query->opened_from,
                                             .opened_before = query->opened_before,
                                             .by = by},
                                            call->now);
  if (!counted.ok()) return call->refuse(counted.error());
  const facility::BoardCounts& counts = *counted;
  const Date today = local_date(call->now);
  const calendar::Calendar& calendar = api.parts.engine->calendar().known_on(today);
  uint64_t late = 0, due_today = 0, within_two = 0;
  std::map<Date, uint64_t> ahead;
  for (const auto& day : counts.days) {
    late += day.late;
    const uint64_t in_time = day.count - day.late;
    if (in_time == 0) continue;
    ahead[std::max(day.due_on, today)] += in_time;
    const int64_t remaining = calendar.working_days_between(today, day.due_on);
    if (day.due_on == today)
      due_today += in_time;
    else if (remaining <= 2)
      within_two += in_time;
  }
  json::array states, horizon;
  for (const auto& one : counts.states) {
    const size_t slash = one.type.find('/');
    const auto pack = api.parts.engine->packs().find(one.type.substr(0, slash));
    const pack::CaseType* type = pack ? pack->find_case(one.type.substr(slash + 1)) : nullptr;
    const pack::State* state = type ? type->find_state(one.state) : nullptr;
    states.push_back(json::object{{"type", one.type},
                                  {"state", one.state},
                                  {"title", state ? state->title : one.state},
                                  {"title_en", state ? state->title_en : ""},
                                  {"count", one.count}});
  }
  for (const auto& day : counts.days) {
    if (day.late == 0) continue;
    horizon.push_back(json::object{{"date", to_text(day.due_on)},
                                   {"count", day.late},
                                   {"late", true},
                                   {"working", calendar.is_working_day(day.due_on)}});
    if (horizon.size() > 60) horizon.erase(horizon.begin());  // the latest; `late` counts all
  }
  for (Date day = today; day < today + kHorizonDays; day = day + 1) {
    const auto found = ahead.find(day);
    json::object one{{"date", to_text(day)},
                     {"count", found == ahead.end() ? uint64_t{0} : found->second},
                     {"late", false},
                     {"working", calendar.is_working_day(day)}};
    if (const auto special = calendar.find_special(day); special && special->off) one["holiday"] = special->name;
    horizon.push_back(std::move(one));
  }
  json::object body{{"holder", query->holder},
                    {"total", counts.total},
                    {"late", late},
                    {"today", due_today},
                    {"within_two", within_two},
                    {"paused", counts.paused},
                    {"to_decide", counts.to_decide},
                    {"states", std::move(states)},
                    {"horizon", std::move(horizon)},
                    {"bounded", bounded}};
  if (!by.empty()) {
    json::array groups;
    for (const auto& value : counts.values) {
      if (groups.size() == kMostGroups) break;
      std::string title = value.value;
      for (const auto& pack : api.parts.engine->packs().packs) {
        for (const auto& type : pack->cases) {
          const pack::Field* field = type.find_field(by);
          if (!field || value.value.empty()) continue;
          if (field->kind == pack::FieldKind::entry) title = registers->name_of(field->reg, value.value, today);
          for (const auto& [id, label] : field->values) {
            if (id == value.value) title = label;
          }
        }
      }
      groups.push_back(
          json::object{{"value", value.value}, {"title", title}, {"count", value.count}, {"late", value.late}});
    }
    body["groups"] = std::move(groups);
  }
  call->answer_json(200, body);
}

static void list_register(Api::Impl& api, const CallPtr& call) {
  const auto registers = api.parts.engine->registers();
  Date day = local_date(call->now);
  if (const auto as_of = call->request.find_query("as_of")) {
    const auto date = parse_date(*as_of);
    if (!date.ok()) return call->refuse(400, "bad_query", "查询条件不对", date.error().message);
    day = *date;
  }
  const std::string q(call->request.find_query("q").value_or("")),
      parent(call->request.find_query("parent").value_or("")), after(call->request.find_query("after").value_or(""));
  if (count_characters(q) > 100) return call->refuse(400, "bad_query", "查询条件不对", "查询词最多 100 个字。");
  size_t limit = q.empty() ? kMostEntries : kMostFound;
  if (const auto text = call->request.find_query("limit")) {
    const auto number = feel::Number::parse(*text);
    const auto n = number ? number->to_int64() : std::nullopt;
    if (!n || *n < 1 || *n > 200)
      return call->refuse(400, "bad_query", "查询条件不对", "查询条件 limit 不对：应为 1 到 200。");
    limit = std::min(limit, static_cast<size_t>(*n));
  }
  const std::string& reg = call->parameter("register");
  const bool is_staff = call->session && !call->session->person.empty();
  const pack::RegisterType* type = find_register(api.parts.engine->packs(), reg);
  if (!is_staff && !(call->session && call->session->administrator) && !(type && type->is_public))
    return call->refuse(404, "not_found", "没有这个名录", "没有找到您要的名录。");
  const bool with_values = is_staff || (call->session && call->session->administrator) || (type && type->public_values);
  const auto asked = engine::search_words(q);
  struct Hit {
    const kernel::Entry* entry;
    const kernel::Revision* revision;
    std::string name, path;
    int64_t score;
  };
  std::vector<Hit> hits;
  std::string next;
  for (const kernel::Entry* entry : registers->all(reg)) {
    if (q.empty() && entry->id <= after && !after.empty()) continue;
    const kernel::Revision* revision = entry->as_of(day);
    if (!revision) continue;
    if (!parent.empty() && revision->values.get("parent") != feel::Value::text(parent)) continue;
    Hit hit{entry, revision, registers->name_of(reg, entry->id, day), path_of(*registers, reg, entry->id, day), 0};
    if (!q.empty()) {
      // Strangers see names only, so only names are searched for them.
      hit.score = 3 * score_of(asked, engine::search_words(hit.name)) + score_of(asked, engine::search_words(hit.path));
      if (with_values) hit.score += score_of(asked, engine::search_words(texts_of(revision->values)));
      if (with_values && type) {
        const std::string names = referred_names(*registers, *type, revision->values, day);
        hit.score += score_of(asked, engine::search_words(names)) + (names.find(q) != std::string::npos ? 500 : 0);
      }
      if (hit.name.find(q) != std::string::npos) hit.score += 1000;
      if (hit.name == q || entry->id == q) hit.score += 1000;
      if (hit.score == 0 && entry->id.find(q) == std::string::npos) continue;
    } else if (hits.size() == limit) {
      next = hits.back().entry->id;
      break;
    }
    hits.push_back(std::move(hit));
  }
  if (!q.empty()) {
    std::stable_sort(hits.begin(), hits.end(), [](const Hit& a, const Hit& b) { return a.score > b.score; });
    if (hits.size() > limit) hits.resize(limit);
  }
  json::array items;
  for (const Hit& hit : hits) {
    json::object one{{"id", hit.entry->id}, {"name", hit.name}, {"revision", hit.revision->no}};
    if (!hit.path.empty()) one["path"] = hit.path;
    if (hit.revision->valid_from) one["valid_from"] = to_text(*hit.revision->valid_from);
    if (hit.revision->valid_to) one["valid_to"] = to_text(*hit.revision->valid_to);
    if (with_values) one["values"] = hit.revision->values.to_json();
    items.push_back(std::move(one));
  }
  json::object body{{"items", std::move(items)}, {"as_of", to_text(day)}};
  if (!next.empty()) body["next"] = next;
  if (with_values && type) body["columns"] = columns_json(*type);
  call->answer_json(200, body);
}

// The case that a new one would join: the similar one, or the one that it has joined itself. Nothing: the pack knows no
// joining, or would refuse it.
static std::optional<Id> joinable_case(Api::Impl& api, const pack::CaseType& type, const Id& similar,
                                       const kernel::Registers& registers, Instant now) {
  const std::string& link = type.open.other.link;
  auto state = link.empty() ? nullptr : api.parts.engine->load(similar);
  if (!state) return std::nullopt;
  if (const kernel::LinkState* onward = state->link(link)) state = api.parts.engine->load(onward->other);
  if (!state) return std::nullopt;
  kernel::Context context = api.parts.engine->context_of(*state, now, registers);
  context.other = state.get();
  return kernel::may_be_joined(type, context, now) ? std::optional(state->id) : std::nullopt;
}

// Which of the documents of a case is the picture that strangers may see small: the first photograph among those that
// were filed with the group of `similar.photo`. None where somebody asked for confidentiality.
static const kernel::DocumentState* public_photo(const kernel::CaseState& state, const pack::CaseType& type) {
  const pack::Field* files = type.find_field(type.similar_photo);
  if (!files || kernel::is_confidential(state, type)) return nullptr;
  const auto found = std::find_if(state.documents.begin(), state.documents.end(), [&](const auto& document) {
    return document.group == files->group && document.media_type.starts_with("image/");
  });
  return found == state.documents.end() ? nullptr : &*found;
}

// What a stranger learns of one that looks similar, but for kind and place: who handles it and until when, and how many
// follow it.
static json::object similar_json(Api::Impl& api, const pack::CaseType& type, const store::CaseRow& row,
                                 const kernel::Registers& registers, Instant now) {
  const auto state = api.parts.engine->load(row.case_id);
  // Read as its party would; what of that is told stands below.
  const RowContext context{*api.parts.engine, registers, {.kind = kernel::Actor::Kind::caller, .person = {}}, now};
  const json::object own = render_own_row(context, row, state.get());
  const auto text_of = [&](std::string_view name) {
    const json::value* value = own.if_contains(name);
    return value ? *value : json::value("");
  };
  json::object item{{"state_title", text_of("state_title")},
                    {"state_title_en", text_of("state_title_en")},
                    {"holder_name", text_of("holder_name")},
                    {"opened_on", to_text(local_date(row.opened_at))}};
  if (const json::value* due = own.if_contains("due")) item["due_on"] = due->at("on");
  int64_t followers = 0;
  const std::string& link = type.open.other.link;
  if (state && !link.empty())
    followers = std::count_if(state->links.begin(), state->links.end(),
                              [&](const auto& one) { return one.kind == link && one.inverse && !one.ended; });
  item["followers"] = followers;
  if (state && public_photo(*state, type)) item["photo"] = api.handles.issue(row.case_id, now);
  return item;
}

// The photograph of a similar case, at most 320 pixels wide: its handle names it, nothing else is told.
static void give_similar_photo(Api::Impl& api, const CallPtr& call) {
  const auto pack = api.parts.engine->packs().find(call->parameter("pack"));
  const pack::CaseType* type = pack ? pack->find_case(call->parameter("type")) : nullptr;
  const auto id = api.handles.find(std::string(call->parameter("handle")), call->now);
  const auto state = type && id ? api.parts.engine->load(*id) : nullptr;
  const bool fits = state && state->pack.starts_with(pack->id + "@") && state->type == type->id;
  const kernel::DocumentState* photo = fits ? public_photo(*state, *type) : nullptr;
  if (!photo) return call->refuse(404, "not_found", "没有照片", "没有这张照片，或者已经过了两个小时。");
  api.give_thumbnail(call, *state, photo->document);
}

// Open cases of the type that share words, kind and place with what is being filed. A stranger learns that somebody has
// told of it already, when, and how far it is: no number, no title, nothing of the person.
static void find_similar(Api::Impl& api, const CallPtr& call) {
  const auto pack = api.parts.engine->packs().find(call->parameter("pack"));
  const pack::CaseType* type = pack ? pack->find_case(call->parameter("type")) : nullptr;
  if (!type) return call->refuse(404, "not_found", "没有这种办件", "请查看 /api/v1/packs。");
  const auto body = api.body_of(*call);
  if (!body) return;
  const json::value* member = find_member(*body, "form");
  if (!member || !member->is_object())
    return call->refuse(422, "invalid_form", "请填写", "form 应是已经填写的各项，可以不全。");
  const json::object& form = member->get_object();
  const std::string text(text_at(form, type->similar_text)), kind(text_at(form, type->similar_kind));
  std::string place(text_at(form, type->similar_place));
  auto asked = engine::search_words(text);
  if (asked.size() > 12) asked.resize(12);
  const auto registers = api.parts.engine->registers();
  const Date today = local_date(call->now);
  const pack::Field* place_field = type->find_field(type->similar_place);
  if (place_field && !place.empty() && !registers->find(place_field->reg, place)) {  // a name, as forms take it
    const auto named = registers->where(place_field->reg, "name", feel::Value::text(place), today);
    if (named.size() == 1) place = named.front()->id;
  }
  const std::string hierarchy = place_field ? place_field->reg : "";
  struct Found {
    store::CaseRow row;
    std::string place, kind, title;
    int64_t score = 0;
  };
  std::map<Id, Found> found;
  const auto entry_of = [&](const kernel::Fields& fields, const std::string& id) {
    const kernel::FieldValue* value = id.empty() ? nullptr : kernel::find_value(fields, id);
    return value && value->plain.kind() == feel::Value::Kind::text ? value->plain.as_text() : std::string();
  };
  if (!type->similar_text.empty()) {
    for (const auto& word : asked) {
      if (found.size() >= kMostFound) break;  // plenty that share most words: reading on would only cost time
      const auto page = api.parts.store->list_cases(
          {.open = true, .type = pack->id + "/" + type->id, .words = word, .sort = store::Sort::opened, .limit = 50});
      if (!page.ok()) return call->refuse(page.error());
      for (const auto& row : page->rows) {
        if (found.contains(row.case_id)) continue;
        const auto fields = kernel::decode_fields(row.list_fields);
        if (!fields.ok()) continue;
        Found one{row, entry_of(*fields, type->similar_place), entry_of(*fields, type->similar_kind),
                  entry_of(*fields, type->similar_text)};
        const bool near = place.empty() || one.place == place ||
                          registers->parent_of(hierarchy, one.place, today) == place ||
                          registers->parent_of(hierarchy, place, today) == one.place;
        if (!near) continue;
        const int64_t shared = score_of(asked, engine::search_words(one.title));
        one.score = shared * 10 + (one.kind == kind && !kind.empty() ? 10 : 0) + (one.place == place ? 5 : 0);
        if (shared >= 2 && shared * 3 >= static_cast<int64_t>(asked.size())) found.emplace(row.case_id, std::move(one));
      }
    }
  }
  std::vector<Found> best;
  for (auto& [id, one] : found) best.push_back(std::move(one));
  std::sort(best.begin(), best.end(), [](const Found& a, const Found& b) {
    return a.score != b.score ? a.score > b.score : a.row.opened_at > b.row.opened_at;
  });
  if (best.size() > kMostSimilar) best.resize(kMostSimilar);
  const pack::Field* kind_field = type->find_field(type->similar_kind);
  json::array items;
  for (const Found& one : best) {
    json::object item = similar_json(api, *type, one.row, *registers, call->now);
    item["kind_title"] = item["kind_title_en"] = "";
    if (kind_field) {
      for (const auto& [id, label] : kind_field->values) {
        const auto english = kind_field->values_en.find(id);
        if (id != one.kind) continue;
        item["kind_title"] = label;
        item["kind_title_en"] = english == kind_field->values_en.end() ? label : english->second;
      }
    }
    item["place"] = place_field && !one.place.empty() ? registers->name_of(place_field->reg, one.place, today) : "";
    if (const auto target = joinable_case(api, *type, one.row.case_id, *registers, call->now))
      item["handle"] = api.handles.issue(*target, call->now);
    const bool is_staff = call->session && !call->session->person.empty();
    const auto state_of = is_staff ? api.parts.engine->load(one.row.case_id) : nullptr;
    if (state_of && api.may_see(call->actor(), *state_of, *registers, call->now)) {
      item["number"] = one.row.number;
      item["id"] = to_text(one.row.case_id);
      item["title"] = one.title;
    }
    items.push_back(std::move(item));
  }
  call->answer_json(200, json::object{{"items", std::move(items)}});
}

void Api::Impl::add_list_routes() {
  const json::object any{{"type", "object"}, {"additionalProperties", true}};
  auto filters = list_filters();
  filters.push_back({"by", "string", "count the values of this listed field too"});
  add({.method = Method::get,
       .path = "/api/v1/cases/counts",
       .operation = "countCases",
       .summary =
           "How many open cases a list has: overdue (the instant has passed and nobody has answered), due today, due "
           "in one or two working days, paused, to decide, by state, and by due day",
       .tag = "cases",
       .access = Access::staff,
       .handle = bind(count_cases),
       .query = std::move(filters),
       .result = schema_of("CaseCounts"),
       .refusals = {400}});
  add({.method = Method::get,
       .path = "/api/v1/registers/{register}",
       .operation = "listRegister",
       .summary = "Entries of a register as of a day; with q the best matches of all its texts, ranked",
       .tag = "registers",
       .handle = bind(list_register),
       .query = {{"as_of", "string", "date; default today"},
                 {"q", "string", "words; without them all entries by id"},
                 {"parent", "string", "entries below this one"},
                 {"after", "string", "cursor"},
                 {"limit", "integer", "1 to 200"}},
       .result = schema_of("RegisterPage"),
       .refusals = {400, 404}});
  add({.method = Method::post,
       .path = "/api/v1/packs/{pack}/types/{type}/similar",
       .operation = "findSimilar",
       .summary = "Open cases that look like the one being filed; number and title for those who may see them",
       .tag = "packs",
       .handle = bind(find_similar),
       .body = json::object{{"type", "object"},
                            {"additionalProperties", false},
                            {"properties", {{"form", any}}},
                            {"required", {"form"}}},
       .result = schema_of("Similar"),
       .refusals = {400, 404, 415, 422}});
  add({.method = Method::get,
       .path = "/api/v1/packs/{pack}/types/{type}/similar/{handle}/photo",
       .operation = "getSimilarPhoto",
       .summary =
           "A JPEG of at most 320 pixels of the photograph of a similar case, by the handle `photo` of that item",
       .tag = "packs",
       .handle = bind(give_similar_photo),
       .media_type = "image/jpeg",
       .refusals = {404, 410, 503}});
}

}  // namespace tongban::http
