#include "store/case_query.h"

#include <algorithm>
#include <functional>

#include "base/bytes.h"
#include "base/crypto.h"
#include "base/text.h"

namespace tongban::store {
namespace {

constexpr uint8_t kCursorFormat = 1;

void put_flag(ByteWriter& writer, const std::optional<bool>& flag) { writer.put_byte(flag ? (*flag ? 2 : 1) : 0); }
void put_instant(ByteWriter& writer, const std::optional<Instant>& instant) {
  writer.put_bool(instant.has_value());
  if (instant) writer.put_signed(instant->ms);
}

// Everything but the page: the same conditions and order give the same digest.
std::string digest_of(const CaseQuery& query) {
  ByteWriter writer;
  writer.put_text(query.holder);
  put_flag(writer, query.to_act);
  put_flag(writer, query.open);
  writer.put_text(query.relation);
  writer.put_text(query.type);
  writer.put_unsigned(query.states.size());
  for (const std::string& state : query.states) writer.put_text(state);
  put_flag(writer, query.late);
  put_instant(writer, query.due_from);
  put_instant(writer, query.due_before);
  put_instant(writer, query.opened_from);
  put_instant(writer, query.opened_before);
  writer.put_text(query.number_prefix);
  writer.put_text(query.words);
  const std::vector<Id>& among = query.among_is_known ? std::vector<Id>() : query.among;
  writer.put_unsigned(among.size());
  for (const Id& id : among) writer.put_id(id);
  writer.put_id(query.person);
  writer.put_byte(static_cast<uint8_t>(query.sort));
  return std::string(view_of(sha256(writer.bytes())).substr(0, 8));
}

std::string check_value(std::string_view bytes) {
  return std::string(view_of(sha256("tongban cursor" + std::string(bytes))).substr(0, 8));
}

}  // namespace

Result<void> check_query(const CaseQuery& query) {
  const auto refuse = [](std::string message) { return fail(Trouble::invalid_input, std::move(message)); };
  if (query.limit < 1 || query.limit > 200)
    return refuse("A page has 1 to 200 rows, not " + std::to_string(query.limit) + ".");
  if (query.holder.empty() && (query.to_act || !query.relation.empty())) {
    return refuse("'to act' and 'relation' belong to somebody's list: name the holder too.");
  }
  if (query.states.size() > kMostListed || query.among.size() > kMostListed ||
      distinct_words(query.words).size() > kMostListed) {
    return refuse("A query lists at most " + std::to_string(kMostListed) + " states, cases or words.");
  }
  return {};
}

std::string write_cursor(const CaseQuery& query, const Place& place) {
  ByteWriter writer;
  writer.put_byte(kCursorFormat);
  writer.put_raw(digest_of(query));
  writer.put_signed(place.key);
  writer.put_signed(place.number);
  writer.put_raw(check_value(writer.bytes()));
  return to_hex(writer.bytes());
}

Result<std::optional<Place>> read_cursor(const CaseQuery& query) {
  if (query.after.empty()) return std::optional<Place>();
  const auto refuse = [] {
    return fail(Trouble::invalid_input,
                "This page mark belongs to another list or is damaged. Start again from the first page.");
  };
  const std::optional<std::string> bytes = query.after.size() > 200 ? std::nullopt : from_hex(query.after);
  if (!bytes || bytes->size() < 18) return refuse();
  const std::string_view signed_part = std::string_view(*bytes).substr(0, bytes->size() - 8);
  if (check_value(signed_part) != std::string_view(*bytes).substr(bytes->size() - 8)) return refuse();
  if (signed_part[0] != kCursorFormat || signed_part.substr(1, 8) != digest_of(query)) return refuse();
  ByteReader reader(signed_part.substr(9));
  Place place;
  place.key = reader.get_signed();
  place.number = reader.get_signed();
  if (!reader.ok() || !reader.at_end()) return refuse();
  return std::optional<Place>(place);
}

std::vector<std::string> distinct_words(std::string_view words) {
  std::vector<std::string> distinct;
  for (const std::string_view word : split(words, ' ')) {
    if (!word.empty()) distinct.emplace_back(word);
  }
  const bool is_in_order =
      std::adjacent_find(distinct.begin(), distinct.end(), std::greater_equal<>()) == distinct.end();
  if (is_in_order) return distinct;
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  return distinct;
}

Result<void> check_transaction(const Transaction& transaction) {
  if (transaction.appends.size() > kMostAppends) {
    return fail(Trouble::invalid_input,
                "A transaction appends to at most 8 streams, not " + std::to_string(transaction.appends.size()) + ".");
  }
  for (const StreamAppend& append : transaction.appends) {
    if (append.events.empty())
      return fail(Trouble::invalid_input, "An append without events to stream " + to_text(append.stream) + ".");
    for (const std::string& event : append.events) {
      if (event.empty() || event.size() > kMostEventBytes) {
        return fail(Trouble::invalid_input, "An event of " + std::to_string(event.size()) + " bytes for stream " +
                                                to_text(append.stream) + ": events have 1 byte to 1 MiB.");
      }
    }
  }
  return {};
}

}  // namespace tongban::store
