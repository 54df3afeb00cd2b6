// From a pattern to its program: F&O 3.1 §5.6.1 on top of XML Schema 1.1 part 2 §G.
#include <unicode/uchar.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "feel/regex_program.h"

namespace tongban::feel {
namespace {

constexpr int kMaxNesting = 100;
constexpr uint32_t kMaxGroups = 200;
constexpr int64_t kNoLimit = -1;

// The pattern as a tree, in one array.
struct Piece {
  enum class Kind : uint8_t { nothing, instruction, sequence, choice, repeat, group };
  Kind kind = Kind::nothing;
  Instruction instruction;
  std::vector<uint32_t> parts;  // of sequence and choice; the one part of repeat and group
  int64_t least = 0, most = kNoLimit;
  bool reluctant = false;
  uint32_t group = 0;  // 0: takes no bounds
};

class Parser {
 public:
  Parser(std::string_view pattern, std::string_view flags) {
    for (size_t at = 0; at < pattern.size();) text_.push_back(next_character(pattern, at));
    for (const char flag : flags) {
      switch (flag) {
        case 's':
          dot_takes_all_ = true;
          break;
        case 'm':
          program_.by_lines = true;
          break;
        case 'i':
          program_.ignores_case = true;
          break;
        case 'x':
          skips_space_ = true;
          break;
        case 'q':
          is_literal_ = true;
          break;
        default:
          refuse("the flag \"" + std::string(1, flag) + "\" is none of s m i x q");
      }
    }
  }

  Result<Regex::Program> parse() {
    if (skips_space_ && !is_literal_) drop_space();
    const uint32_t root = is_literal_ ? literal() : choice();
    if (!failed() && at_ < text_.size()) refuse("a \")\" stands without its \"(\"");
    program_.groups = group_count_;
    emit({Step::save, 0, 0});
    write(root);
    emit({Step::save, 1, 0});
    emit({Step::match, 0, 0});
    if (failed()) return fail(Trouble::invalid_input, "the pattern: " + *error_);
    return std::move(program_);
  }

 private:
  bool failed() const { return error_.has_value(); }
  void refuse(std::string why) {
    if (!failed()) error_ = std::move(why) + " (character " + std::to_string(at_ + 1) + ")";
    at_ = text_.size();
  }
  bool more() const { return at_ < text_.size() && !failed(); }
  char32_t here() const { return text_[at_]; }
  char32_t behind(size_t n) const { return at_ + n < text_.size() ? text_[at_ + n] : 0; }
  bool take(char32_t c) {
    if (!more() || here() != c) return false;
    ++at_;
    return true;
  }

  static bool is_space(char32_t c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

  // Flag x: white space counts inside of character classes only.
  void drop_space() {
    std::vector<char32_t> kept;
    int open = 0;
    for (size_t i = 0; i < text_.size(); ++i) {
      const char32_t c = text_[i];
      if (c == '\\' && i + 1 < text_.size()) {
        kept.push_back(c);
        while (open <= 0 && i + 2 < text_.size() && is_space(text_[i + 1])) ++i;
        kept.push_back(text_[++i]);
        continue;
      }
      if (c == '[') ++open;
      if (c == ']') --open;
      if (open <= 0 && is_space(c)) continue;
      kept.push_back(c);
    }
    text_ = std::move(kept);
  }

  uint32_t add(Piece piece) {
    pieces_.push_back(std::move(piece));
    return static_cast<uint32_t>(pieces_.size() - 1);
  }
  uint32_t add(Instruction instruction) {
    Piece piece;
    piece.kind = Piece::Kind::instruction;
    piece.instruction = instruction;
    return add(std::move(piece));
  }
  uint32_t add(CharacterSet set) {
    program_.sets.push_back(std::move(set));
    return add(Instruction{Step::set, static_cast<uint32_t>(program_.sets.size() - 1), 0});
  }
  uint32_t character(char32_t c) {
    return add(Instruction{Step::character, program_.ignores_case ? fold_case(c) : c, 0});
  }

  uint32_t literal() {
    Piece all;
    all.kind = Piece::Kind::sequence;
    while (more()) all.parts.push_back(character(text_[at_++]));
    return add(std::move(all));
  }

  uint32_t choice() {
    if (++nesting_ > kMaxNesting) refuse("the groups are nested too deeply");
    Piece all;
    all.kind = Piece::Kind::choice;
    do {
      all.parts.push_back(sequence());
    } while (take('|'));
    --nesting_;
    return all.parts.size() == 1 ? all.parts[0] : add(std::move(all));
  }

  uint32_t sequence() {
    Piece all;
    all.kind = Piece::Kind::sequence;
    while (more() && here() != '|' && here() != ')') {
      const uint32_t part = atom();
      if (failed()) break;
      all.parts.push_back(quantified(part));
    }
    return add(std::move(all));
  }

  std::optional<int64_t> number() {
    if (!more() || here() < '0' || here() > '9') return std::nullopt;
    int64_t value = 0;
    while (more() && here() >= '0' && here() <= '9')
      value = std::min<int64_t>(value * 10 + (text_[at_++] - U'0'), 1'000'000'000);
    return value;
  }

  uint32_t quantified(uint32_t part) {
    Piece repeat;
    repeat.kind = Piece::Kind::repeat;
    if (take('?')) {
      repeat.most = 1;
    } else if (take('*')) {
    } else if (take('+')) {
      repeat.least = 1;
    } else if (take('{')) {
      const auto least = number();
      if (!least) refuse("behind \"{\" a number is wanted");
      repeat.least = least.value_or(0);
      repeat.most = repeat.least;
      if (take(',')) repeat.most = number().value_or(kNoLimit);
      if (!failed() && !take('}')) refuse("a \"}\" is wanted");
      if (repeat.most != kNoLimit && repeat.most < repeat.least) refuse("the second number is less than the first");
    } else {
      return part;
    }
    repeat.reluctant = take('?');
    if (more() && (here() == '*' || here() == '+' || here() == '?' || here() == '{'))
      refuse("a quantifier stands behind a quantifier");
    repeat.parts = {part};
    return add(std::move(repeat));
  }

  uint32_t atom() {
    const char32_t c = text_[at_++];
    switch (c) {
      case '(': {
        Piece group;
        group.kind = Piece::Kind::group;
        if (here_is("?:")) {
          at_ += 2;
        } else if (more() && here() == '?') {
          refuse("behind \"(?\" only \":\" may stand");
        } else {
          if (++group_count_ > kMaxGroups) refuse("there are too many groups");
          group.group = group_count_;
        }
        group.parts = {choice()};
        if (!failed() && !take(')')) refuse("a \"(\" has no \")\"");
        return add(std::move(group));
      }
      case '[':
        return add(set());
      case '.':
        return add(Instruction{dot_takes_all_ ? Step::any : Step::any_but_line_ends, 0, 0});
      case '^':
        return add(Instruction{Step::begin, 0, 0});
      case '$':
        return add(Instruction{Step::end, 0, 0});
      case '\\': {
        if (std::optional<CharacterSet::Part> part = class_escape()) {
          CharacterSet of_part;
          of_part.parts.push_back(*part);
          return add(std::move(of_part));
        }
        const std::optional<char32_t> escaped = single_escape(true);
        return escaped ? character(*escaped) : 0;
      }
      case '*':
      case '+':
      case '?':
      case '{':
        --at_;
        refuse("a quantifier has nothing before it");
        return 0;
      case '}':
      case ']':
        --at_;
        refuse("a bracket stands without its other half; write \\ before it");
        return 0;
      default:
        return character(c);
    }
  }
  bool here_is(std::string_view signs) const {
    for (size_t i = 0; i < signs.size(); ++i) {
      if (behind(i) != static_cast<char32_t>(signs[i])) return false;
    }
    return true;
  }

  // Behind the backslash.
  std::optional<char32_t> single_escape(bool outside) {
    if (!more()) {
      refuse("the pattern ends with \\");
      return std::nullopt;
    }
    const char32_t c = text_[at_++];
    switch (c) {
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 't':
        return '\t';
      default:
        break;
    }
    constexpr std::string_view kSigns = "\\|.?*+(){}-[]^$";
    if (c < 128 && kSigns.find(static_cast<char>(c)) != std::string_view::npos) return c;
    --at_;
    refuse(outside && c >= '1' && c <= '9' ? "back-references are not supported" : "there is no such escape");
    return std::nullopt;
  }

  // \d \p{…} and their kin, behind the backslash; empty, without moving, for another.
  std::optional<CharacterSet::Part> class_escape() {
    if (!more()) return std::nullopt;
    using Kind = CharacterSet::Kind;
    CharacterSet::Part part;
    switch (here()) {
      case 's':
      case 'S':
        part.kind = Kind::space;
        break;
      case 'i':
      case 'I':
        part.kind = Kind::name_start;
        break;
      case 'c':
      case 'C':
        part.kind = Kind::name;
        break;
      case 'd':
      case 'D':
        part.kind = Kind::category;
        part.property = U_GC_ND_MASK;
        break;
      case 'w':
      case 'W':
        part.kind = Kind::word;
        break;
      case 'p':
      case 'P':
        part.kind = Kind::category;
        break;
      default:
        return std::nullopt;
    }
    const char32_t letter = text_[at_++];
    part.inverted = letter < 'a';
    if (letter == 'p' || letter == 'P') read_property(part);
    return part;
  }

  void read_property(CharacterSet::Part& part) {
    if (!take('{')) return refuse("behind \\p a name in {} is wanted");
    std::string name;
    while (more() && here() != '}' && here() < 128) name += static_cast<char>(text_[at_++]);
    if (!take('}')) return refuse("behind \\p a name in {} is wanted");
    if (name.starts_with("Is")) {
      const int32_t block = u_getPropertyValueEnum(UCHAR_BLOCK, name.substr(2).c_str());
      if (block <= 0) return refuse("there is no block \"" + name.substr(0, 60) + "\"");
      part.kind = CharacterSet::Kind::block;
      part.property = static_cast<uint32_t>(block);
      return;
    }
    constexpr std::string_view kCategories =
        " L Lu Ll Lt Lm Lo M Mn Mc Me N Nd Nl No P Pc Pd Ps Pe Pi Pf Po Z Zs Zl Zp S Sm Sc Sk So C Cc Cf Co Cn ";
    if (name.empty() || kCategories.find(" " + name + " ") == std::string_view::npos)
      return refuse("there is no category \"" + name.substr(0, 60) + "\"");
    part.property = static_cast<uint32_t>(u_getPropertyValueEnum(UCHAR_GENERAL_CATEGORY_MASK, name.c_str()));
  }

  // Behind "[", up to and with "]".
  CharacterSet set() {
    CharacterSet out;
    if (++nesting_ > kMaxNesting) refuse("the classes are nested too deeply");
    out.inverted = take('^');
    bool first = true;
    while (more() && !(here() == ']' && !first)) {
      if (here() == '-' && behind(1) == '[' && !first) {
        at_ += 2;
        out.less = std::make_unique<CharacterSet>(set());
        if (more() && here() != ']') refuse("behind a subtraction the class must end");
        break;
      }
      set_part(out, first);
      first = false;
    }
    if (!failed() && !take(']')) refuse("a \"[\" has no \"]\"");
    --nesting_;
    return out;
  }

  void set_part(CharacterSet& out, bool first) {
    const bool is_escape = here() == '\\';
    if (is_escape) {
      ++at_;
      if (const std::optional<CharacterSet::Part> part = class_escape()) {
        out.parts.push_back(*part);
        return;
      }
    }
    const std::optional<char32_t> low = is_escape ? single_escape(false) : plain(first);
    if (!low) return;
    CharacterSet::Part part;
    part.low = *low;
    part.high = *low;
    if (more() && here() == '-' && behind(1) != ']' && behind(1) != '[' && behind(1) != 0) {
      if (*low == '-' && !is_escape && !first) return refuse("a \"-\" between characters needs a \\ before it");
      ++at_;
      const bool high_escape = take('\\');
      const std::optional<char32_t> high = high_escape ? single_escape(false) : plain(false);
      if (!high) return;
      if (*high < *low) return refuse("the range of the class is upside down");
      part.high = *high;
    }
    out.parts.push_back(part);
  }
  std::optional<char32_t> plain(bool first) {
    if (!more()) return std::nullopt;
    const char32_t c = here();
    if (c == '[' || (c == ']' && first)) {
      refuse("a bracket inside of a class needs a \\ before it");
      return std::nullopt;
    }
    ++at_;
    return c;
  }

  // ---- writing the program

  void emit(Instruction instruction) {
    if (program_.code.size() >= Regex::kMaxProgram) return too_large();
    program_.code.push_back(instruction);
  }
  void too_large() {
    if (!failed()) error_ = "it repeats too much";
  }
  uint32_t place() const { return static_cast<uint32_t>(program_.code.size()); }

  void write(uint32_t index) {
    if (++written_ > 10 * Regex::kMaxProgram) too_large();
    if (failed()) return;
    const Piece& piece = pieces_[index];
    switch (piece.kind) {
      case Piece::Kind::nothing:
        return;
      case Piece::Kind::instruction:
        return emit(piece.instruction);
      case Piece::Kind::sequence:
        for (const uint32_t part : piece.parts) write(part);
        return;
      case Piece::Kind::group:
        if (piece.group != 0) emit({Step::save, 2 * piece.group, 0});
        write(piece.parts[0]);
        if (piece.group != 0) emit({Step::save, 2 * piece.group + 1, 0});
        return;
      case Piece::Kind::choice: {
        std::vector<uint32_t> ends;
        for (size_t i = 0; i < piece.parts.size(); ++i) {
          const bool last = i + 1 == piece.parts.size();
          const uint32_t fork = place();
          if (!last) emit({Step::fork, fork + 1, 0});
          write(piece.parts[i]);
          if (failed()) return;
          if (last) break;
          ends.push_back(place());
          emit({Step::jump, 0, 0});
          program_.code[fork].b = place();
        }
        for (const uint32_t end : ends) program_.code[end].a = place();
        return;
      }
      case Piece::Kind::repeat:
        return write_repeat(piece);
    }
  }

  // A fork that prefers to go on (greedy) or to leave (reluctant).
  uint32_t fork() {
    const uint32_t at = place();
    emit({Step::fork, at + 1, at + 1});
    return at;
  }
  void leave(uint32_t fork, bool reluctant) {
    if (failed()) return;
    (reluctant ? program_.code[fork].a : program_.code[fork].b) = place();
  }

  void write_repeat(const Piece& piece) {
    for (int64_t i = 0; i < piece.least && !failed(); ++i) write(piece.parts[0]);
    if (piece.most == kNoLimit) {
      const uint32_t again = fork();
      write(piece.parts[0]);
      emit({Step::jump, again, 0});
      return leave(again, piece.reluctant);
    }
    std::vector<uint32_t> forks;
    for (int64_t i = piece.least; i < piece.most && !failed(); ++i) {
      forks.push_back(fork());
      write(piece.parts[0]);
    }
    for (const uint32_t at : forks) leave(at, piece.reluctant);
  }

  std::vector<char32_t> text_;
  size_t at_ = 0;
  int nesting_ = 0;
  bool dot_takes_all_ = false;
  bool skips_space_ = false;
  bool is_literal_ = false;
  uint32_t group_count_ = 0;
  size_t written_ = 0;
  std::vector<Piece> pieces_;
  Regex::Program program_;
  std::optional<std::string> error_;
};

}  // namespace

Result<Regex::Program> parse_regex(std::string_view pattern, std::string_view flags) {
  return Parser(pattern, flags).parse();
}

}  // namespace tongban::feel
