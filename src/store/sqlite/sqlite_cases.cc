// Case rows and lists of SqliteStore. A list is one or a few range reads, each on an index in the order of the page, so
// that a page costs what it shows and not what the table holds.
#include <algorithm>
#include <unordered_map>
#include <variant>

#include "base/text.h"
#include "store/sqlite/parts.h"

namespace tongban::store {
namespace {

constexpr char kCaseColumns[] =
    "c.id, c.type, c.number, c.edition, c.state, c.open, c.opened_at, c.changed_at, c.closed_at, c.due_key, "
    "c.due_clock, "
    "c.due_provisional, c.late, c.held_by, c.list_fields, c.person, c.version";

// Up to this many rows of a holder are gathered and sorted; longer lists are found by walking the order of all cases.
constexpr int64_t kFewRows = 2000;

CaseRow make_case(const Statement& s, int at) {
  CaseRow row;
  row.case_id = s.id_at(at);
  row.type = s.bytes_at(at + 1);
  row.number = s.bytes_at(at + 2);
  row.edition = s.bytes_at(at + 3);
  row.state = s.bytes_at(at + 4);
  row.open = s.integer_at(at + 5) != 0;
  row.opened_at = Instant{s.integer_at(at + 6)};
  row.changed_at = Instant{s.integer_at(at + 7)};
  if (!s.is_null_at(at + 8)) row.closed_at = Instant{s.integer_at(at + 8)};
  if (s.integer_at(at + 9) != kNoDue) row.due_at = Instant{s.integer_at(at + 9)};
  row.due_clock = s.bytes_at(at + 10);
  row.due_provisional = s.integer_at(at + 11) != 0;
  row.late = s.integer_at(at + 12) != 0;
  row.held_by = s.bytes_at(at + 13);
  row.list_fields = s.bytes_at(at + 14);
  row.person = s.id_at(at + 15);
  row.version = static_cast<uint64_t>(s.integer_at(at + 16));
  return row;
}

// SQL text with its values, in the order of the question marks.
struct Query {
  std::string sql;
  std::vector<std::variant<int64_t, std::string, const PlaceFilter*>> values;

  Query& add(std::string_view text) {
    sql += text;
    return *this;
  }
  Query& add(std::string_view text, std::variant<int64_t, std::string, const PlaceFilter*> value) {
    sql += text;
    values.push_back(std::move(value));
    return *this;
  }
  Query& add(const Query& other) {
    sql += other.sql;
    values.insert(values.end(), other.values.begin(), other.values.end());
    return *this;
  }
  void bind(Statement& statement) const {
    for (size_t i = 0; i < values.size(); ++i) {
      const int at = static_cast<int>(i) + 1;
      if (const auto* number = std::get_if<int64_t>(&values[i]))
        statement.integer(at, *number);
      else if (const auto* filter = std::get_if<const PlaceFilter*>(&values[i]))
        statement.pointer(at, *filter, PlaceFilter::kType);
      else
        statement.text(at, std::get<std::string>(values[i]));
    }
  }
};

// The smallest text greater than all that start with `prefix`; empty when there is none.
std::string end_of_prefix(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

struct PlacedRow {
  Place place;
  CaseRow row;
};

// Cases above these numbers are not in the order of lists, and not in the full text (table `indexed`).
constexpr char kIsRecentPlace[] = ".stream > (SELECT x.places FROM indexed x)";
constexpr char kIsRecentWords[] = "stream > (SELECT x.words FROM indexed x)";

// What several statements read is of one moment.
class ReadSnapshot {
 public:
  explicit ReadSnapshot(Connection& reader) : reader_(reader) {}
  Result<void> begin() {
    TRY(run("BEGIN"));
    begun_ = true;
    return {};
  }
  ~ReadSnapshot() {
    if (begun_ && !run("COMMIT").ok()) (void)reader_.run("ROLLBACK");
  }
  ReadSnapshot(const ReadSnapshot&) = delete;
  ReadSnapshot& operator=(const ReadSnapshot&) = delete;

 private:
  Result<void> run(std::string_view sql) {
    Statement& statement = *TRY(reader_.cached(sql));
    const ResetLater reset(statement);
    if (statement.step() != SQLITE_DONE) return reader_.error("Reading lists");
    return {};
  }
  Connection& reader_;
  bool begun_ = false;
};

class CaseList {
 public:
  CaseList(const CaseQuery& query, Connection& reader) : query_(query), reader_(reader) {}

  // Finds the holder and the listed cases. False: the answer is empty.
  Result<bool> prepare() {
    if (!query_.holder.empty()) {
      Statement& find = *TRY(reader_.cached("SELECT number FROM holders WHERE name = ?1"));
      const ResetLater reset(find);
      const int rc = find.text(1, query_.holder).step();
      if (rc == SQLITE_DONE) return false;
      if (rc != SQLITE_ROW) return reader_.error("Looking for a holder");
      holder_ = find.integer_at(0);
    }
    for (int flags = 0; flags < 4; ++flags) {
      if (query_.open && *query_.open != ((flags & 2) != 0)) continue;
      if (query_.to_act && *query_.to_act != ((flags & 1) != 0)) continue;
      flags_.push_back(flags);
      filter_.flags |= 1u << flags;
    }
    filter_.holder = holder_;
    if (query_.due_from) filter_.due_from = query_.due_from->ms;
    if (query_.due_before) filter_.due_before = query_.due_before->ms;
    if (query_.relation.empty()) return true;
    Statement& sets = *TRY(reader_.cached("SELECT number, names FROM relation_sets"));
    const ResetLater reset(sets);
    int rc;
    while ((rc = sets.step()) == SQLITE_ROW) {
      const std::vector<std::string> names = unpack_relations(sets.view_at(1));
      if (std::find(names.begin(), names.end(), query_.relation) != names.end())
        filter_.relations.push_back(sets.integer_at(0));
    }
    if (rc != SQLITE_DONE) return reader_.error("Reading the relations");
    return !filter_.relations.empty();
  }

  Result<std::vector<PlacedRow>> page(const std::optional<Place>& after, int64_t limit) {
    std::vector<PlacedRow> rows;
    if (query_.sort == Sort::due && !is_selective()) {
      if (holder_ != 0 && case_conditions().sql.empty()) {
        if (auto listed = TRY(page_by_places(after, limit))) return std::move(*listed);
      }
      if (holder_ != 0) {
        for (const int flags : flags_) TRY(read(holder_range(flags, after, limit), rows));
        TRY(read(recent_range(after, limit), rows));
      } else {
        for (const int open : {0, 1}) {
          if (query_.open && *query_.open != (open == 1)) continue;
          const size_t before = rows.size();
          if (!after || after->key != kNoDue) TRY(read(due_range(open, true, after, limit), rows));
          if (rows.size() - before < static_cast<size_t>(limit)) TRY(read(due_range(open, false, after, limit), rows));
        }
      }
    } else if (query_.sort == Sort::due && holder_ != 0) {
      TRY(read(holder_selected(after, limit), rows));
    } else {
      const bool few = is_selective() || (holder_ != 0 && TRY(has_few_rows()));
      if (few) {
        TRY(read(ordered(after, limit, Part::selected), rows));
      } else {
        for (const Part part : {Part::fresh, Part::others}) TRY(read(ordered(after, limit, part), rows));
      }
    }
    const bool ascending = query_.sort == Sort::due;
    std::sort(rows.begin(), rows.end(), [&](const PlacedRow& a, const PlacedRow& b) {
      if (a.place.key != b.place.key) return (a.place.key < b.place.key) == ascending;
      return (a.place.number < b.place.number) == ascending;
    });
    const auto is_same = [](const PlacedRow& a, const PlacedRow& b) {
      return a.place.key == b.place.key && a.place.number == b.place.number;
    };
    rows.erase(std::unique(rows.begin(), rows.end(), is_same), rows.end());  // a case may come from several ranges
    if (rows.size() > static_cast<size_t>(limit)) rows.resize(static_cast<size_t>(limit));
    return rows;
  }

  // OPTIMIZATION: a unit has a case in several ranges. Where no condition looks at the case itself, the ranges give
  // places only, and rows are read for those that are shown. Nothing: a listed case has no row, so the rows decide.
  Result<std::optional<std::vector<PlacedRow>>> page_by_places(const std::optional<Place>& after, int64_t limit) {
    std::vector<Place> places;
    const auto read_places = [&](const Query& query) -> Result<void> {
      Statement& statement = *TRY(reader_.cached(query.sql));
      const ResetLater reset(statement);
      query.bind(statement);
      int rc;
      while ((rc = statement.step()) == SQLITE_ROW)
        places.push_back({statement.integer_at(0), statement.integer_at(1)});
      if (rc != SQLITE_DONE) return reader_.error("Listing cases");
      return {};
    };
    for (const int flags : flags_) TRY(read_places(holder_range(flags, after, limit, false)));
    TRY(read_places(recent_range(after, limit, false)));
    const auto order = [](const Place& place) { return std::pair(place.key, place.number); };
    std::sort(places.begin(), places.end(), [&](const Place& a, const Place& b) { return order(a) < order(b); });
    places.erase(
        std::unique(places.begin(), places.end(), [&](const Place& a, const Place& b) { return order(a) == order(b); }),
        places.end());
    if (places.size() > static_cast<size_t>(limit)) places.resize(static_cast<size_t>(limit));
    std::vector<PlacedRow> rows;
    rows.reserve(places.size());
    Statement& find = *TRY(reader_.cached("SELECT " + std::string(kCaseColumns) + " FROM cases c WHERE c.stream = ?1"));
    for (const Place& place : places) {
      const ResetLater reset(find);
      const int rc = find.integer(1, place.number).step();
      if (rc == SQLITE_DONE) return std::optional<std::vector<PlacedRow>>();
      if (rc != SQLITE_ROW) return reader_.error("Listing cases");
      rows.push_back({place, make_case(find, 0)});
    }
    return std::optional(std::move(rows));
  }

  Result<int64_t> count(int64_t bound) {
    Query query;
    query.add("SELECT count(*) FROM (SELECT DISTINCT c.stream FROM ");
    if (holder_ != 0 && !is_selective()) {
      // DISTINCT would read the whole list before it counts; a place that another one precedes is left out instead.
      query = Query{};
      query.add("SELECT count(*) FROM (SELECT 1 FROM inbox_due i CROSS JOIN cases c ON c.stream = i.stream ");
      query.add("WHERE ").add(inbox_conditions("i")).add(not_twice("is_first_of_all")).add(case_conditions());
      query.add(" UNION ALL SELECT 1 FROM inbox b CROSS JOIN cases c ON c.stream = b.stream WHERE b");
      query.add(kIsRecentPlace).add(" AND place_due(b.places, ?", &filter_).add(") IS NOT NULL");
      query.add(case_conditions());
    } else if (holder_ != 0) {
      query.add("cases c NOT INDEXED WHERE ").add(selected()).add(is_listed()).add(case_conditions());
    } else if (is_selective()) {
      query.add("cases c NOT INDEXED WHERE ").add(selected()).add(case_conditions());
    } else {
      query = Query{};
      query.add("SELECT count(*) FROM (SELECT 1 FROM cases c WHERE 1").add(case_conditions());
    }
    query.add(" LIMIT ?)", bound);
    Statement& statement = *TRY(reader_.cached(query.sql));
    const ResetLater reset(statement);
    query.bind(statement);
    if (statement.step() != SQLITE_ROW) return reader_.error("Counting cases");
    return statement.integer_at(0);
  }

 private:
  bool is_selective() const {
    return !query_.number_prefix.empty() || !query_.among.empty() || !distinct_words(query_.words).empty();
  }

  Result<bool> has_few_rows() {
    Query query;
    query.add("SELECT count(*) FROM (SELECT 1 FROM inbox_due i WHERE i.holder = ?", holder_);
    query.add(" AND i.flags IN (" + flags_text() + ") LIMIT ?)", kFewRows + 1);
    Statement& statement = *TRY(reader_.cached(query.sql));
    const ResetLater reset(statement);
    query.bind(statement);
    if (statement.step() != SQLITE_ROW) return reader_.error("Counting a list");
    return statement.integer_at(0) <= kFewRows;
  }

  // The cases that a word, a number or a list of ids leaves.
  Query selected() const {
    Query query;
    query.add("1");
    if (!query_.number_prefix.empty()) {
      query.add(" AND c.stream IN (SELECT stream FROM cases WHERE number <> '' AND number >= ?", query_.number_prefix);
      const std::string end = end_of_prefix(query_.number_prefix);
      if (!end.empty()) query.add(" AND number < ?", end);
      query.add(")");
    }
    if (!query_.among.empty()) {
      std::string numbers = "[";
      Result<Statement*> find = reader_.cached("SELECT number FROM streams WHERE id = ?1");
      for (const Id& id : query_.among) {
        if (!find.ok()) break;
        const ResetLater reset(**find);
        if ((*find)->blob(1, id.view()).step() == SQLITE_ROW)
          numbers += (numbers.size() > 1 ? "," : "") + std::to_string((*find)->integer_at(0));
      }
      query.add(" AND c.stream IN (SELECT value FROM json_each(?))", numbers + "]");
    }
    std::string match;
    for (const std::string& word : distinct_words(query_.words)) {
      match += (match.empty() ? "\"" : " \"") + replace_all(word, "\"", "\"\"") + "\"";
    }
    if (!match.empty()) {
      query.add(" AND c.stream IN (SELECT rowid FROM search WHERE search MATCH ?", match);
      query.add(" UNION ALL SELECT stream FROM search_words WHERE ").add(kIsRecentWords);
      query.add(" AND has_words(words, ?))", query_.words);
    }
    return query;
  }

  Query case_conditions() const {
    Query query;
    if (!query_.type.empty()) query.add(" AND c.type = ?", query_.type);
    if (!query_.states.empty()) {
      query.add(" AND c.state IN (");
      for (size_t i = 0; i < query_.states.size(); ++i) query.add(i == 0 ? "?" : ",?", query_.states[i]);
      query.add(")");
    }
    if (query_.late) query.add(" AND c.late = ?", int64_t{*query_.late});
    if (!query_.person.is_nil()) query.add(" AND c.person = CAST(? AS BLOB)", std::string(query_.person.view()));
    if (query_.opened_from) query.add(" AND c.opened_at >= ?", query_.opened_from->ms);
    if (query_.opened_before) query.add(" AND c.opened_at < ?", query_.opened_before->ms);
    if (holder_ == 0) {
      if (query_.open) query.add(" AND c.open = ?", int64_t{*query_.open});
      if (query_.due_before) query.add(" AND c.due_key < ?", query_.due_before->ms);
      if (query_.due_from) query.add(" AND c.due_key >= ?", query_.due_from->ms).add(" AND c.due_key <> ?", kNoDue);
    }
    return query;
  }

  std::string flags_text() const {
    std::string text;
    for (const int flags : flags_) text += (text.empty() ? "" : ",") + std::to_string(flags);
    return text;
  }
  Query inbox_conditions(const std::string& i) const {
    Query query;
    query.add(i + ".holder = ?", holder_).add(" AND " + i + ".flags IN (" + flags_text() + ")");
    query.add(relation_condition(i));
    if (query_.due_before) query.add(" AND " + i + ".due_key < ?", query_.due_before->ms);
    if (query_.due_from)
      query.add(" AND " + i + ".due_key >= ?", query_.due_from->ms).add(" AND " + i + ".due_key <> ?", kNoDue);
    return query;
  }
  Query relation_condition(const std::string& i) const {
    Query query;
    if (filter_.relations.empty()) return query;
    query.add(" AND " + i + ".relations IN (");
    for (size_t k = 0; k < filter_.relations.size(); ++k)
      query.add((k == 0 ? "" : ",") + std::to_string(filter_.relations[k]));
    return std::move(query.add(")"));
  }
  // Of several places of a case in one list only the first counts. One relation of a holder has one place. What
  // `is_first` calls first must come first in the walk as well, or the walk passes over many before one counts.
  Query not_twice(const std::string& is_first) const {
    Query query;
    if (!query_.relation.empty()) return query;
    query.add(" AND " + is_first + "((SELECT places FROM inbox b WHERE b.stream = i.stream), ?", &filter_);
    return std::move(query.add(", i.due_key, i.flags, i.relations)"));
  }
  Query is_listed() const {
    Query query;
    query.add(" AND place_due((SELECT places FROM inbox b WHERE b.stream = c.stream), ?", &filter_);
    return std::move(query.add(") IS NOT NULL"));
  }

  Query holder_range(int flags, const std::optional<Place>& after, int64_t limit, bool with_cases = true) const {
    Query query;
    query.add("SELECT i.due_key, i.stream");
    if (with_cases) query.add(", ").add(kCaseColumns);
    query.add(" FROM inbox_due i ");
    if (with_cases) query.add("CROSS JOIN cases c ON c.stream = i.stream ");
    query.add("WHERE i.holder = ?", holder_);
    query.add(" AND i.flags = ?", int64_t{flags});
    query.add(relation_condition("i"));
    if (query_.due_before) query.add(" AND i.due_key < ?", query_.due_before->ms);
    if (query_.due_from) query.add(" AND i.due_key >= ?", query_.due_from->ms).add(" AND i.due_key <> ?", kNoDue);
    if (after) query.add(" AND (i.due_key, i.stream) > (?", after->key).add(", ?)", after->number);
    // A case stands at its earliest due instant; of equal ones each range shows one, and page() drops the others.
    query.add(not_twice("is_first_of_flags"));
    query.add(case_conditions());
    return std::move(query.add(" ORDER BY i.due_key, i.stream LIMIT ?", limit));
  }

  // Those that are in no order yet.
  Query recent_range(const std::optional<Place>& after, int64_t limit, bool with_cases = true) const {
    Query query;
    query.add("SELECT i.due, i.stream");
    if (with_cases) query.add(", ").add(kCaseColumns);
    query.add(" FROM (SELECT b.stream, place_due(b.places, ?", &filter_).add(") AS due FROM inbox b WHERE b");
    query.add(kIsRecentPlace).add(") i ");
    if (with_cases) query.add("CROSS JOIN cases c ON c.stream = i.stream ");
    query.add("WHERE i.due IS NOT NULL");
    if (after) query.add(" AND (i.due, i.stream) > (?", after->key).add(", ?)", after->number);
    if (with_cases) query.add(case_conditions());
    return std::move(query.add(" ORDER BY i.due, i.stream LIMIT ?", limit));
  }

  // Cases without due date follow those that have one, in the order in which the store met them.
  Query due_range(int open, bool has_due, const std::optional<Place>& after, int64_t limit) const {
    Query query;
    query.add("SELECT c.due_key, c.stream, ").add(kCaseColumns);
    query.add(has_due ? " FROM cases c INDEXED BY cases_due WHERE c.due_key < 9223372036854775807"
                      : " FROM cases c NOT INDEXED WHERE c.due_key = 9223372036854775807");
    query.add(" AND c.open = ?", int64_t{open});
    if (after && !has_due && after->key == kNoDue) query.add(" AND c.stream > ?", after->number);
    if (after && has_due) query.add(" AND (c.due_key, c.stream) > (?", after->key).add(", ?)", after->number);
    query.add(case_conditions());
    return std::move(
        query.add(has_due ? " ORDER BY c.due_key, c.stream LIMIT ?" : " ORDER BY c.stream LIMIT ?", limit));
  }

  Query holder_selected(const std::optional<Place>& after, int64_t limit) const {
    Query query;
    query.add("SELECT i.due, i.stream, ").add(kCaseColumns);
    query.add(" FROM (SELECT c.stream, place_due(c.places, ?", &filter_).add(") AS due FROM inbox c WHERE ");
    query.add(selected()).add(") i CROSS JOIN cases c ON c.stream = i.stream WHERE i.due IS NOT NULL");
    if (after) query.add(" AND (i.due, i.stream) > (?", after->key).add(", ?)", after->number);
    query.add(case_conditions());
    return std::move(query.add(" ORDER BY i.due, i.stream LIMIT ?", limit));
  }

  // Of those that nothing has happened to since, both times are the same, and the index holds one.
  enum class Part { selected, fresh, others };
  Query ordered(const std::optional<Place>& after, int64_t limit, Part part) const {
    const bool few = part == Part::selected, opened = query_.sort == Sort::opened;
    const std::string key = query_.sort == Sort::due        ? "due_key"
                            : opened || part == Part::fresh ? "opened_at"
                                                            : "changed_at";
    const bool ascending = query_.sort == Sort::due;
    Query query;
    // The inner part sorts keys only; whole rows are read for those that are shown.
    query.add("SELECT t.key, t.stream, ")
        .add(kCaseColumns)
        .add(" FROM (SELECT c." + key + " AS key, c.stream AS stream FROM cases c ");
    query.add(part == Part::selected ? "NOT INDEXED"
              : part == Part::fresh  ? "INDEXED BY cases_fresh"
              : opened               ? "INDEXED BY cases_opened"
                                     : "INDEXED BY cases_changed");
    query.add(" WHERE ");
    if (few)
      query.add(selected());
    else
      query.add(part == Part::fresh ? "c.changed_at = c.opened_at" : "c.changed_at <> c.opened_at");
    if (holder_ != 0 && few) {
      query.add(" AND c.stream IN (SELECT i.stream FROM inbox_due i WHERE ").add(inbox_conditions("i"));
      query.add(" UNION ALL SELECT b.stream FROM inbox b WHERE b").add(kIsRecentPlace);
      query.add(" AND place_due(b.places, ?", &filter_).add(") IS NOT NULL)");
    } else if (holder_ != 0) {
      query.add(is_listed());
    }
    if (after) {
      query.add(" AND c." + key + (ascending ? " >= ?" : " <= ?"), after->key);
      query.add(" AND (c." + key + " <> ?", after->key)
          .add(ascending ? " OR c.stream > ?)" : " OR c.stream < ?)", after->number);
    }
    query.add(case_conditions());
    query.add(" ORDER BY c." + key + (ascending ? ", c.stream" : " DESC, c.stream DESC") + " LIMIT ?", limit);
    return std::move(query.add(") t CROSS JOIN cases c ON c.stream = t.stream"));
  }

  Result<void> read(const Query& query, std::vector<PlacedRow>& rows) {
    Statement& statement = *TRY(reader_.cached(query.sql));
    const ResetLater reset(statement);
    query.bind(statement);
    int rc;
    while ((rc = statement.step()) == SQLITE_ROW) {
      rows.push_back({{statement.integer_at(0), statement.integer_at(1)}, make_case(statement, 2)});
    }
    if (rc != SQLITE_DONE) return reader_.error("Listing cases");
    return {};
  }

  const CaseQuery& query_;
  Connection& reader_;
  int64_t holder_ = 0;
  std::vector<int> flags_;
  PlaceFilter filter_;
};

Result<std::optional<CaseRow>> find_one(ReaderPool& readers, const std::string& where, std::string_view value,
                                        bool as_text) {
  ReaderPool::Lease reader = readers.take();
  Statement& statement = *TRY(reader->cached("SELECT " + std::string(kCaseColumns) + where));
  const ResetLater reset(statement);
  const int rc = (as_text ? statement.text(1, value) : statement.blob(1, value)).step();
  if (rc == SQLITE_DONE) return std::optional<CaseRow>();
  if (rc != SQLITE_ROW) return reader->error("Looking for a case");
  return std::optional<CaseRow>(make_case(statement, 0));
}

}  // namespace

Result<std::optional<CaseRow>> SqliteStore::find_case(const Id& case_id) const {
  return find_one(parts_->readers, " FROM streams s JOIN cases c ON c.stream = s.number WHERE s.id = ?1",
                  case_id.view(), false);
}

Result<std::optional<CaseRow>> SqliteStore::find_case_by_number(std::string_view number) const {
  return find_one(parts_->readers, " FROM cases c WHERE c.number = ?1 AND c.number <> ''", number, true);
}

Result<CasePage> SqliteStore::list_cases(const CaseQuery& query) const {
  TRY(check_query(query));
  const std::optional<Place> after = TRY(read_cursor(query));
  ReaderPool::Lease reader = parts_->readers.take();
  ReadSnapshot snapshot(*reader);
  TRY(snapshot.begin());
  CaseList list(query, *reader);
  if (!TRY(list.prepare())) return CasePage{};
  std::vector<PlacedRow> rows = TRY(list.page(after, int64_t{query.limit} + 1));
  CasePage page;
  const bool more = rows.size() > query.limit;
  if (more) {
    rows.resize(query.limit);
    page.next = write_cursor(query, rows.back().place);
  }
  for (PlacedRow& row : rows) page.rows.push_back(std::move(row.row));
  return page;
}

Result<void> SqliteStore::visit_list(std::string_view holder,
                                     const std::function<bool(const ListedRow&)>& visit) const {
  ReaderPool::Lease reader = parts_->readers.take();
  ReadSnapshot snapshot(*reader);
  TRY(snapshot.begin());
  Statement& find = *TRY(reader->cached("SELECT number FROM holders WHERE name = ?1"));
  const ResetLater reset_find(find);
  if (find.text(1, holder).step() != SQLITE_ROW) return {};
  const PlaceFilter filter{.holder = find.integer_at(0), .flags = 1u << kOpen | 1u << (kOpen | kToAct)};
  std::unordered_map<int64_t, std::vector<std::string>> relations;
  Statement& sets = *TRY(reader->cached("SELECT number, names FROM relation_sets"));
  const ResetLater reset_sets(sets);
  int rc;
  while ((rc = sets.step()) == SQLITE_ROW) relations[sets.integer_at(0)] = unpack_relations(sets.view_at(1));
  if (rc != SQLITE_DONE) return reader->error("Reading the relations");

  ListedRow row;
  const auto take_case = [&](const Statement& from, int at) {
    row.case_id = from.id_at(at);
    row.type = from.bytes_at(at + 1);
    row.state = from.bytes_at(at + 2);
    row.late = from.integer_at(at + 3) != 0;
    row.opened_at = Instant{from.integer_at(at + 4)};
    row.list_fields = from.bytes_at(at + 5);
  };
  const auto give = [&](const InboxPlace& place) {
    row.to_act = (place.flags & kToAct) != 0;
    row.due_at = place.due_key == kNoDue ? std::nullopt : std::optional(Instant{place.due_key});
    for (const std::string& relation : relations[place.relations]) {
      row.relation = relation;
      if (!visit(row)) return false;
    }
    return true;
  };
  {
    Statement& recent = *TRY(reader->cached(
        "SELECT b.places, c.id, c.type, c.state, c.late, c.opened_at, c.list_fields FROM inbox b CROSS JOIN cases c ON "
        "c.stream = b.stream WHERE b" +
        std::string(kIsRecentPlace) + " AND place_due(b.places, ?1) IS NOT NULL"));
    const ResetLater reset(recent);
    recent.pointer(1, &filter, PlaceFilter::kType);
    while ((rc = recent.step()) == SQLITE_ROW) {
      take_case(recent, 1);
      for (const InboxPlace& place : unpack_places(recent.view_at(0)).value_or(std::vector<InboxPlace>())) {
        if (place.holder == filter.holder && (place.flags & kOpen) != 0 && !give(place)) return {};
      }
    }
    if (rc != SQLITE_DONE) return reader->error("Reading a list");
  }
  Statement& statement =
      *TRY(reader->cached("SELECT i.flags, i.due_key, i.relations, c.id, c.type, c.state, c.late, c.opened_at, "
                          "c.list_fields FROM inbox_due "
                          "i CROSS JOIN cases c ON c.stream = i.stream WHERE i.holder = ?1 AND i.flags IN (2, 3)"));
  const ResetLater reset(statement);
  statement.integer(1, filter.holder);
  while ((rc = statement.step()) == SQLITE_ROW) {
    take_case(statement, 3);
    if (!give({.flags = static_cast<int>(statement.integer_at(0)),
               .due_key = statement.integer_at(1),
               .relations = statement.integer_at(2)})) {
      return {};
    }
  }
  if (rc != SQLITE_DONE) return reader->error("Reading a list");
  return {};
}

Result<uint64_t> SqliteStore::count_cases(const CaseQuery& query, uint64_t bound) const {
  TRY(check_query(query));
  ReaderPool::Lease reader = parts_->readers.take();
  ReadSnapshot snapshot(*reader);
  TRY(snapshot.begin());
  CaseList list(query, *reader);
  if (!TRY(list.prepare())) return uint64_t{0};
  return static_cast<uint64_t>(TRY(list.count(static_cast<int64_t>(std::min<uint64_t>(bound, INT64_MAX)))));
}

}  // namespace tongban::store
