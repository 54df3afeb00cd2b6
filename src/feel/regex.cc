// Running a regular expression: all threads step through the text together (Thompson, Pike), the preferred first, so
// that no text takes more than program × text steps.
#include "feel/regex.h"

#include <unicode/uchar.h>
#include <unicode/uniset.h>

#include <algorithm>

#include "base/check.h"
#include "feel/regex_program.h"

namespace tongban::feel {
namespace {

bool is_name_start(char32_t c) {
  constexpr std::pair<char32_t, char32_t> kRanges[] = {
      {':', ':'},       {'A', 'Z'},       {'_', '_'},       {'a', 'z'},        {0xc0, 0xd6},     {0xd8, 0xf6},
      {0xf8, 0x2ff},    {0x370, 0x37d},   {0x37f, 0x1fff},  {0x200c, 0x200d},  {0x2070, 0x218f}, {0x2c00, 0x2fef},
      {0x3001, 0xd7ff}, {0xf900, 0xfdcf}, {0xfdf0, 0xfffd}, {0x10000, 0xeffff}};
  return std::any_of(std::begin(kRanges), std::end(kRanges),
                     [&](const auto& range) { return c >= range.first && c <= range.second; });
}

bool is_name_character(char32_t c) {
  return is_name_start(c) || c == '-' || c == '.' || (c >= '0' && c <= '9') || c == 0xb7 ||
         (c >= 0x300 && c <= 0x36f) || (c >= 0x203f && c <= 0x2040);
}

bool has_part(const CharacterSet::Part& part, char32_t c) {
  const auto point = static_cast<UChar32>(c);
  switch (part.kind) {
    case CharacterSet::Kind::range:
      return c >= part.low && c <= part.high;
    case CharacterSet::Kind::category:
      return (U_MASK(u_charType(point)) & part.property) != 0;
    case CharacterSet::Kind::block:
      return static_cast<uint32_t>(ublock_getCode(point)) == part.property;
    case CharacterSet::Kind::space:
      return c == ' ' || c == '\t' || c == '\n' || c == '\r';
    case CharacterSet::Kind::name_start:
      return is_name_start(c);
    case CharacterSet::Kind::name:
      return is_name_character(c);
    case CharacterSet::Kind::word:
      return (U_MASK(u_charType(point)) & (U_GC_P_MASK | U_GC_Z_MASK | U_GC_C_MASK)) == 0;
  }
  return false;
}

class Runner {
 public:
  Runner(const Regex::Program& program, std::string_view text, bool wants_bounds, uint64_t& work)
      : program_(program),
        text_(text),
        bounds_(wants_bounds ? 2 * (program.groups + 1) : 0),
        work_(work),
        now_(program.code.size(), bounds_),
        next_(program.code.size(), bounds_) {}

  // The first match from `from` on; its bounds when they are wanted.
  bool run(size_t from) {
    std::vector<int64_t> fresh(bounds_, -1);
    bool found = false;
    size_t at = from;
    for (;;) {
      if (!found) add(now_, 0, at, fresh);
      if (now_.order.empty() && found) return true;
      const bool at_end = at >= text_.size();
      const char32_t c = at_end ? 0 : next_character(text_, at);
      for (const uint32_t pc : now_.order) {
        const Instruction& instruction = program_.code[pc];
        if (instruction.step == Step::match) {
          found = true;
          matched_.assign(now_.bounds_of(pc), now_.bounds_of(pc) + bounds_);
          if (bounds_ == 0) return true;
          break;  // what comes behind is less preferred
        }
        if (!at_end && takes(instruction, c)) {
          const std::vector<int64_t> bounds(now_.bounds_of(pc), now_.bounds_of(pc) + bounds_);
          add(next_, pc + 1, at, bounds);
        }
        if (!spend(1)) return false;
      }
      now_.clear();
      std::swap(now_, next_);
      if (at_end || work_ == 0) return found && work_ != 0;
    }
  }
  std::vector<int64_t> matched() const { return matched_; }

 private:
  // Threads in order of preference, each program place once, with the bounds it came by.
  struct Threads {
    Threads(size_t places, size_t bounds) : places(places), bounds_size(bounds), bounds(places * bounds) {}
    std::vector<uint32_t> order;
    std::vector<uint32_t> seen_at = {};
    std::vector<bool> places_seen = {};
    size_t places, bounds_size;
    std::vector<int64_t> bounds;
    bool visit(uint32_t pc) {
      if (places_seen.empty()) places_seen.assign(places, false);
      if (places_seen[pc]) return false;
      places_seen[pc] = true;
      seen_at.push_back(pc);
      return true;
    }
    int64_t* bounds_of(uint32_t pc) { return bounds.data() + pc * bounds_size; }
    void clear() {
      order.clear();
      for (const uint32_t pc : seen_at) places_seen[pc] = false;
      seen_at.clear();
    }
  };
  struct Pending {
    uint32_t pc;
    int32_t restore;  // >= 0: put back the bound of this index
    int64_t value;
  };

  bool spend(uint64_t amount) {
    if (work_ <= amount) {
      work_ = 0;
      return false;
    }
    work_ -= amount;
    return true;
  }

  bool takes(const Instruction& instruction, char32_t c) const {
    switch (instruction.step) {
      case Step::character:
        return c == instruction.a || (program_.ignores_case && fold_case(c) == instruction.a);
      case Step::any:
        return true;
      case Step::any_but_line_ends:
        return c != '\n' && c != '\r';
      case Step::set: {
        const CharacterSet& set = program_.sets[instruction.a];
        return set.contains(c, program_.ignores_case);
      }
      default:
        return false;
    }
  }

  bool holds(Step step, size_t at) const {
    if (step == Step::begin) return at == 0 || (program_.by_lines && text_[at - 1] == '\n' && at < text_.size());
    return at == text_.size() || (program_.by_lines && text_[at] == '\n');
  }

  // Follows what takes no character, without recursion.
  void add(Threads& threads, uint32_t start, size_t at, std::vector<int64_t> bounds) {
    stack_.clear();
    stack_.push_back({start, -1, 0});
    while (!stack_.empty()) {
      const Pending pending = stack_.back();
      stack_.pop_back();
      if (pending.restore >= 0) {
        bounds[static_cast<size_t>(pending.restore)] = pending.value;
        continue;
      }
      const uint32_t pc = pending.pc;
      if (!threads.visit(pc) || !spend(1)) continue;
      const Instruction& instruction = program_.code[pc];
      switch (instruction.step) {
        case Step::jump:
          stack_.push_back({instruction.a, -1, 0});
          break;
        case Step::fork:
          stack_.push_back({instruction.b, -1, 0});
          stack_.push_back({instruction.a, -1, 0});
          break;
        case Step::save:
          if (instruction.a < bounds.size()) {
            stack_.push_back({0, static_cast<int32_t>(instruction.a), bounds[instruction.a]});
            bounds[instruction.a] = static_cast<int64_t>(at);
          }
          stack_.push_back({pc + 1, -1, 0});
          break;
        case Step::begin:
        case Step::end:
          if (holds(instruction.step, at)) stack_.push_back({pc + 1, -1, 0});
          break;
        default:
          threads.order.push_back(pc);
          std::copy(bounds.begin(), bounds.end(), threads.bounds_of(pc));
      }
    }
  }

  const Regex::Program& program_;
  std::string_view text_;
  size_t bounds_;
  uint64_t& work_;
  Threads now_, next_;
  std::vector<Pending> stack_;
  std::vector<int64_t> matched_;
};

}  // namespace

// Where case does not matter a character is in a range when any form of it is; categories and the like go by the
// character itself (F&O §5.6.2). Only then the set is turned round.
bool CharacterSet::contains(char32_t c, bool ignores_case) const {
  bool found =
      std::any_of(parts.begin(), parts.end(), [&](const Part& part) { return has_part(part, c) != part.inverted; });
  if (!found && ignores_case) {
    icu::UnicodeSet forms(static_cast<UChar32>(c), static_cast<UChar32>(c));
    forms.closeOver(USET_CASE_INSENSITIVE);
    found = std::any_of(parts.begin(), parts.end(), [&](const Part& part) {
      return part.kind == Kind::range &&
             forms.containsSome(static_cast<UChar32>(part.low), static_cast<UChar32>(part.high));
    });
  }
  return found != inverted && !(less && less->contains(c, ignores_case));
}

char32_t next_character(std::string_view text, size_t& at) {
  const auto first = static_cast<uint8_t>(text[at++]);
  if (first < 0xc0) return first;
  const int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
  auto c = static_cast<char32_t>(first & (0x3f >> more));
  for (int i = 0; i < more && at < text.size() && (text[at] & 0xc0) == 0x80; ++i)
    c = c << 6 | static_cast<char32_t>(text[at++] & 0x3f);
  return c;
}

char32_t fold_case(char32_t c) {
  return static_cast<char32_t>(u_foldCase(static_cast<UChar32>(c), U_FOLD_CASE_DEFAULT));
}

Result<Regex> Regex::compile(std::string_view pattern, std::string_view flags) {
  Regex compiled;
  compiled.program_ = std::make_shared<const Program>(TRY(parse_regex(pattern, flags)));
  return compiled;
}

size_t Regex::groups() const { return program_->groups; }

std::optional<Regex::Match> Regex::find(std::string_view text, size_t from, uint64_t& work) const {
  Runner runner(*program_, text, true, work);
  if (!runner.run(from)) return std::nullopt;
  return Match{runner.matched()};
}

std::optional<bool> Regex::matches(std::string_view text, uint64_t& work) const {
  Runner runner(*program_, text, false, work);
  const bool found = runner.run(0);
  if (work == 0) return std::nullopt;
  return found;
}

}  // namespace tongban::feel
