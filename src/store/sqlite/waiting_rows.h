// Rows that stand in a table in the order of their arrival and wait for an index that is in the order of their keys.
// One by one, each would change a page of the index; all at once, they would hold up a commit. So the keys are shared
// out by their first byte, a hand goes round over the shares, and a commit moves those under it. When the hand has come
// round, all rows that had arrived when it set out are in the index.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace tongban::store {

// A Row has `key()`, evenly spread bytes, and `number`, which grows as rows arrive.
template <class Row>
class WaitingRows {
 public:
  static constexpr size_t kShares = 256;
  using Share = std::vector<Row>;

  // As after a start: all rows up to `indexed` are in the index.
  void start(int64_t indexed) {
    *this = {};
    indexed_ = began_ = newest_ = indexed;
  }
  // Numbers are not given a second time before the next start.
  void add(Row row) {
    newest_ = std::max(newest_, row.number);
    ++size_;
    Share& share = shares_[share_of(row.key())];
    share.push_back(std::move(row));
  }
  template <class Is>
  void remove(std::string_view key, Is is) {
    size_ -= std::erase_if(shares_[share_of(key)], is);
  }

  const Share& with(std::string_view key) const { return shares_[share_of(key)]; }
  size_t size() const { return size_; }
  // All rows up to this number are in the index.
  int64_t indexed() const { return indexed_; }

  // How many shares under the hand must be moved before `coming` more rows, so that at most `most` wait.
  size_t due(size_t coming, size_t most) const {
    size_t count = 0;
    for (size_t left = size_ + coming; left > most && left > coming && count < kShares; ++count) {
      left -= under_hand(count).size();
    }
    return count;
  }
  const Share& under_hand(size_t nth) const { return shares_[(hand_ + nth) % kShares]; }
  void moved(size_t count) {
    for (; count > 0; --count) {
      size_ -= shares_[hand_].size();
      shares_[hand_] = {};
      hand_ = (hand_ + 1) % kShares;
      if (hand_ == 0) indexed_ = std::exchange(began_, newest_);
    }
  }

 private:
  static size_t share_of(std::string_view key) { return static_cast<unsigned char>(key[0]); }

  std::array<Share, kShares> shares_;
  size_t size_ = 0, hand_ = 0;
  int64_t indexed_ = 0, began_ = 0, newest_ = 0;
};

}  // namespace tongban::store
