#include "facility/board/board.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <unordered_set>

#include "base/text.h"

namespace tongban::facility {
namespace {

constexpr int64_t kNoDue = INT64_MAX;

// Texts that repeat, as numbers.
class Names {
 public:
  uint32_t number_of(std::string_view text) {
    const auto found = numbers_.find(std::string(text));
    if (found != numbers_.end()) return found->second;
    texts_.emplace_back(text);
    return numbers_.emplace(std::string(text), static_cast<uint32_t>(texts_.size() - 1)).first->second;
  }
  std::optional<uint32_t> find(std::string_view text) const {
    const auto found = numbers_.find(std::string(text));
    return found == numbers_.end() ? std::nullopt : std::optional(found->second);
  }
  const std::string& text_of(uint32_t number) const { return texts_[number]; }

 private:
  std::unordered_map<std::string, uint32_t> numbers_;
  std::vector<std::string> texts_;
};

struct Row {
  uint32_t relation = 0;
  bool to_act = false;
  int64_t due = kNoDue;
};

struct Item {
  Id id;
  uint32_t type = 0, state = 0;
  bool late = false, paused = false, to_decide = false;
  int64_t opened = 0;
  std::vector<Row> rows;
  std::vector<std::pair<uint32_t, uint32_t>> values;  // field, value: of the listed fields with a choice or an entry
};

struct List {
  std::vector<Item> items;
  std::unordered_map<Id, uint32_t> index;
  uint64_t used = 0;

  void remove(const Id& id) {
    const auto found = index.find(id);
    if (found == index.end()) return;
    const uint32_t at = found->second;
    index.erase(found);
    if (at + 1 != items.size()) {
      items[at] = std::move(items.back());
      index[items[at].id] = at;
    }
    items.pop_back();
  }
};

}  // namespace

struct Board::Impl {
  Impl(engine::Engine& e, const store::Store& s) : engine(e), store(s) {
    subscription = engine.subscribe([this](const engine::Change& change) {
      const std::lock_guard lock(changes_mutex);
      if (changed.size() < kMostChanges)
        changed.insert(change.case_id);
      else
        too_many = true;
    });
  }
  ~Impl() { engine.unsubscribe(subscription); }

  engine::Engine& engine;
  const store::Store& store;
  size_t subscription = 0;

  std::mutex changes_mutex;
  std::unordered_set<Id> changed;
  bool too_many = false;

  std::mutex mutex;  // guards what follows; taken before changes_mutex
  std::map<std::string, List, std::less<>> lists;
  Names names;
  uint64_t uses = 0;

  std::thread warmer;
  std::atomic<bool> stopping = false;

  // The listed fields with a choice or an entry: what a list can be counted by.
  std::vector<std::pair<uint32_t, uint32_t>> values_of(std::string_view type, std::string_view list_fields) {
    std::vector<std::pair<uint32_t, uint32_t>> values;
    const size_t slash = type.find('/');
    const auto pack = engine.packs().find(type.substr(0, slash));
    const pack::CaseType* kind =
        pack && slash != std::string_view::npos ? pack->find_case(type.substr(slash + 1)) : nullptr;
    if (!kind) return values;
    const auto fields = kernel::decode_fields(list_fields);
    if (!fields.ok()) return values;
    for (const auto& [name, value] : *fields) {
      const pack::Field* field = kind->find_field(name);
      const bool counts = field && !field->personal && !field->list &&
                          (field->kind == pack::FieldKind::one_of || field->kind == pack::FieldKind::entry);
      if (counts && value.plain.kind() == feel::Value::Kind::text)
        values.emplace_back(names.number_of(name), names.number_of(value.plain.as_text()));
    }
    return values;
  }

  void add(List& list, const store::ListedRow& listed) {
    const auto [at, fresh] = list.index.try_emplace(listed.case_id, static_cast<uint32_t>(list.items.size()));
    if (fresh) {
      Item item;
      item.id = listed.case_id;
      item.type = names.number_of(listed.type);
      item.state = names.number_of(listed.state);
      item.late = listed.late;
      item.opened = listed.opened_at.ms;
      item.values = values_of(listed.type, listed.list_fields);
      list.items.push_back(std::move(item));
    }
    Item& item = list.items[at->second];
    item.rows.push_back({names.number_of(listed.relation), listed.to_act, listed.due_at ? listed.due_at->ms : kNoDue});
    if (listed.relation == "paused") item.paused = true;
    if (listed.relation == "ask") item.to_decide = true;
  }

  // Reads again what the commits since the last count have changed.
  Result<void> follow() {
    std::unordered_set<Id> ids;
    {
      const std::lock_guard lock(changes_mutex);
      ids.swap(changed);
      if (std::exchange(too_many, false)) {
        lists.clear();
        return {};
      }
    }
    if (lists.empty()) return {};
    for (const Id& id : ids) {
      for (auto& [holder, list] : lists) list.remove(id);
      const auto row = store.find_case(id);
      const auto inbox = store.inbox_rows(id);
      if (!row.ok() || !inbox.ok()) {
        lists.clear();  // rather read everything again than keep what may be old
        return row.ok() ? inbox.error() : row.error();
      }
      if (!*row) continue;
      for (const store::InboxRow& line : *inbox) {
        const auto list = lists.find(line.holder);
        if (list == lists.end() || !line.open) continue;
        add(list->second, {id, line.relation, line.to_act, line.due_at, (*row)->type, (*row)->state, (*row)->late,
                           (*row)->opened_at, (*row)->list_fields});
      }
    }
    return {};
  }

  Result<List*> list_of(const std::string& holder) {
    TRY(follow());
    auto found = lists.find(holder);
    if (found == lists.end()) {
      found = lists.try_emplace(holder).first;
      List& list = found->second;
      const auto read = store.visit_list(holder, [&](const store::ListedRow& row) {
        add(list, row);
        return !stopping;
      });
      if (!read.ok() || stopping) {
        lists.erase(found);
        return read.ok() ? fail(Trouble::unavailable, "The program is ending.") : read.error();
      }
      list.used = ++uses;
      drop_old_lists(holder);
    }
    found->second.used = ++uses;
    return &found->second;
  }

  void drop_old_lists(const std::string& keep) {
    const auto rows = [&] {
      size_t sum = 0;
      for (const auto& [holder, list] : lists) sum += list.items.size();
      return sum;
    };
    while (lists.size() > 1 && (lists.size() > kMostLists || rows() > kMostRows)) {
      auto oldest = lists.end();
      for (auto it = lists.begin(); it != lists.end(); ++it) {
        if (it->first != keep && (oldest == lists.end() || it->second.used < oldest->second.used)) oldest = it;
      }
      lists.erase(oldest);
    }
  }
};

Board::Board(engine::Engine& engine, const store::Store& store) : impl_(std::make_unique<Impl>(engine, store)) {}
Board::~Board() { stop(); }

void Board::warm(std::vector<std::string> holders) {
  CHECK(!impl_->warmer.joinable());
  impl_->warmer = std::thread([impl = impl_.get(), holders = std::move(holders)] {
    for (size_t i = 0; i < holders.size() && i < kMostLists && !impl->stopping; ++i) {
      const std::lock_guard lock(impl->mutex);
      (void)impl->list_of(holders[i]).ok();  // who asks for it hears the error
    }
  });
}

void Board::stop() {
  impl_->stopping = true;
  if (impl_->warmer.joinable()) impl_->warmer.join();
}

std::optional<std::vector<Id>> Board::find_few(std::string_view holder, std::string_view relation, size_t most) {
  const std::unique_lock lock(impl_->mutex, std::try_to_lock);
  if (!lock) return std::nullopt;
  {
    const std::lock_guard changes(impl_->changes_mutex);  // to read many again would cost more than it saves
    if (impl_->too_many || impl_->changed.size() > kFewChanges) return std::nullopt;
  }
  if (!impl_->follow().ok()) return std::nullopt;
  const auto list = impl_->lists.find(holder);
  if (list == impl_->lists.end()) return std::nullopt;
  list->second.used = ++impl_->uses;
  const auto number = impl_->names.find(relation);
  std::vector<Id> few;
  if (!number) return few;
  for (const Item& item : list->second.items) {
    const bool stands =
        std::any_of(item.rows.begin(), item.rows.end(), [&](const Row& row) { return row.relation == *number; });
    if (!stands) continue;
    if (few.size() == most) return std::nullopt;
    few.push_back(item.id);
  }
  return few;
}

Result<BoardCounts> Board::count(const BoardQuery& query, Instant at) {
  const std::lock_guard lock(impl_->mutex);
  const List& list = *TRY(impl_->list_of(query.holder));
  const Names& names = impl_->names;
  BoardCounts counts;
  // A text that no row has was never given a number: nothing matches it.
  const auto relation = names.find(query.relation), type = names.find(query.type), by = names.find(query.by);
  if ((!query.relation.empty() && !relation) || (!query.type.empty() && !type)) return counts;
  std::vector<uint32_t> states;
  for (const auto& state : query.states) {
    if (const auto number = names.find(state)) states.push_back(*number);
  }
  if (!query.states.empty() && states.empty()) return counts;
  std::vector<uint32_t> hidden;
  for (const auto& hidden_type : query.hidden_types) {
    if (const auto number = names.find(hidden_type)) hidden.push_back(*number);
  }

  std::map<std::pair<uint32_t, uint32_t>, uint64_t> by_state;
  std::map<Date, BoardCounts::Day> by_day;
  std::unordered_map<uint32_t, BoardCounts::Value> by_value;
  BoardCounts::Value no_value;
  for (const Item& item : list.items) {
    if (!query.type.empty() && item.type != *type) continue;
    if (std::find(hidden.begin(), hidden.end(), item.type) != hidden.end()) continue;
    if (!states.empty() && std::find(states.begin(), states.end(), item.state) == states.end()) continue;
    if (query.late && item.late != *query.late) continue;
    if (query.opened_from && item.opened < query.opened_from->ms) continue;
    if (query.opened_before && item.opened >= query.opened_before->ms) continue;
    int64_t due = kNoDue;
    bool in_list = false;
    for (const Row& row : item.rows) {
      if (!query.relation.empty() && row.relation != *relation) continue;
      if (query.to_act && row.to_act != *query.to_act) continue;
      if (query.due_before && row.due >= query.due_before->ms) continue;
      if (query.due_from && (row.due == kNoDue || row.due < query.due_from->ms)) continue;
      in_list = true;
      due = std::min(due, row.due);
    }
    if (!in_list) continue;
    ++counts.total;
    counts.paused += item.paused;
    counts.to_decide += item.to_decide;
    ++by_state[{item.type, item.state}];
    const bool is_late = due != kNoDue && due < at.ms;
    if (due == kNoDue) {
      ++counts.without_due;
    } else {
      const Date day = local_date(Instant{due - 1});  // 24:00 belongs to its day
      BoardCounts::Day& one = by_day[day];
      one.due_on = day;
      ++one.count;
      one.late += is_late;
    }
    if (query.by.empty()) continue;
    BoardCounts::Value* value = &no_value;
    for (const auto& [field, number] : item.values) {
      if (by && field == *by) value = &by_value[number];
    }
    ++value->count;
    value->late += is_late;
  }
  for (const auto& [key, count] : by_state)
    counts.states.push_back({names.text_of(key.first), names.text_of(key.second), count});
  for (const auto& [day, one] : by_day) counts.days.push_back(one);
  for (auto& [number, one] : by_value) {
    one.value = names.text_of(number);
    counts.values.push_back(one);
  }
  if (no_value.count > 0) counts.values.push_back(no_value);
  std::sort(counts.values.begin(), counts.values.end(),
            [](const auto& a, const auto& b) { return a.count != b.count ? a.count > b.count : a.value < b.value; });
  return counts;
}

}  // namespace tongban::facility
