// What both engines share of case lists: which queries are refused, and the cursors. A cursor names the last row of the
// page before by its sort key; it carries a digest of the query and a check value, so that a cursor of another query,
// an old format or somebody's invention is refused instead of giving a wrong page.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/store.h"

namespace tongban::store {

// The meaning of a query, the same in each engine:
// - With a holder, `open`, `to_act`, `relation`, `due_from`, `due_before` and the order by due date look at the
// holder's inbox rows
//   (the deadline that concerns this holder); a case with several matching rows is listed once, by its earliest. All
//   other conditions and orders look at the case. A case without a case row is never listed.
// - Rows with equal sort keys: the case that the store met first comes first; in descending orders it comes last.

// The place of a row in its order: sort key in milliseconds (kNoDue last) and the number of the case in the store.
struct Place {
  int64_t key = 0;
  int64_t number = 0;
  bool operator==(const Place&) const = default;
};
inline constexpr int64_t kNoDue = INT64_MAX;

Result<void> check_query(const CaseQuery& query);  // refuses what the header of the store does not allow
std::string write_cursor(const CaseQuery& query, const Place& place);
Result<std::optional<Place>> read_cursor(const CaseQuery& query);  // nothing: the first page
// The words of a query or a search row, sorted, each once.
std::vector<std::string> distinct_words(std::string_view words);

// Limits of one transaction; beyond them commit() refuses the batch as invalid input.
Result<void> check_transaction(const Transaction& transaction);
inline constexpr size_t kMostAppends = 8;
inline constexpr size_t kMostEventBytes = size_t{1} << 20;
inline constexpr size_t kMostListed = 1000;  // states, among, words of a query

}  // namespace tongban::store
