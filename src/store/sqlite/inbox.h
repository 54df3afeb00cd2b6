// The inbox rows of cases as SqliteStore keeps them. Internal to the SQLite engine.
//
// `inbox` has one row per case: all its places in lists, packed. `inbox_due` is the order in which lists are read: one
// row per case, holder, open/to act and due instant, for all relations together that the holder has there; a unit
// often has a case in several. Relations stand as the number of their set; there are few sets, however many cases.
// Cases whose number is above `indexed.places` are in no order of lists yet: there are few, and a list reads their
// rows.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "store/rows.h"
#include "store/sqlite/connection.h"

namespace tongban::store {

inline constexpr int kToAct = 1, kOpen = 2;  // of `flags`

// One row of `inbox_due`, and one part of a row of `inbox`.
struct InboxPlace {
  int64_t holder = 0;
  int flags = 0;
  int64_t due_key = 0;
  int64_t relations = 0;  // number of the set
  int64_t opened_at = 0;  // only in `inbox`
  auto operator<=>(const InboxPlace&) const = default;
};

std::string pack_places(const std::vector<InboxPlace>& places);
std::optional<std::vector<InboxPlace>> unpack_places(std::string_view packed);  // nothing: damaged

std::string pack_relations(const std::vector<std::string>& sorted);
std::vector<std::string> unpack_relations(std::string_view packed);

// Which places of a case a query looks at. Bound as a pointer to the functions below.
struct PlaceFilter {
  int64_t holder = 0;
  unsigned flags = 0;              // bit n: places with flags n
  std::vector<int64_t> relations;  // numbers of sets; empty: any
  std::optional<int64_t> due_from, due_before;
  static constexpr char kType[] = "tongban place filter";
};

// place_due(places, filter): the earliest due key of the places that the filter takes, or NULL.
// is_first_of_flags(places, filter, due_key, flags, relations): whether that place has the earliest due key of the
// case; of several with the same flags one has it, of several flags each, so that a walk of one range finds a page at
// once. is_first_of_all(the same): whether it is the first by flags, due key and relations: one place of each case.
int register_place_functions(sqlite3* handle);

// The writer's side: prepared statements and the numbers of holders and sets.
class InboxTable {
 public:
  Result<void> prepare(Connection& writer);
  // The cases up to this number are in the order of lists.
  void set_indexed(int64_t up_to) { indexed_ = up_to; }
  // Replaces the places of the case. `may_have_some`: false only where it surely has none yet.
  Result<void> put(int64_t stream, bool may_have_some, const std::vector<InboxRow>& rows);
  Result<void> flush();         // before the commit: new places enter the order of lists together, in its order
  Result<void> index_recent();  // then: those of the cases above set_indexed() as well
  void forget();                // after a rollback
  void release();               // the statements

 private:
  template <class Keys>
  Result<void> insert(const Keys& sorted);
  Result<int64_t> number_of(Statement& find, Statement& insert, std::unordered_map<std::string, int64_t>& known,
                            const std::string& key);
  Result<std::vector<InboxPlace>> places_of(const std::vector<InboxRow>& rows);
  Result<std::vector<InboxPlace>> stored_places(std::string_view packed) const;

  using Key = std::array<int64_t, 5>;  // holder, flags, due key, stream, relations
  static constexpr size_t kAtOnce = 16;

  Connection* writer_ = nullptr;
  int64_t indexed_ = 0;
  std::set<Key> added_;
  Statement find_holder_, insert_holder_, find_set_, insert_set_, find_, recent_, put_, remove_, insert_place_,
      insert_places_, remove_place_;
  std::unordered_map<std::string, int64_t> holders_, sets_;
  // The case before: new cases of one type mostly stand in the same places.
  std::vector<InboxRow> rows_before_;
  std::vector<InboxPlace> places_before_;
};

std::string inbox_tables();  // SQL that makes them

// Of a database of schema 2, whose table had a row for each case, holder and relation. Within the caller's transaction,
// in which `indexed` holds the last number.
Result<void> convert_inbox_of_schema_2(Connection& writer);

// Whether `inbox`, as far as it is indexed, and `inbox_due` hold the same places.
Result<bool> is_inbox_sound(Connection& reader);

}  // namespace tongban::store
