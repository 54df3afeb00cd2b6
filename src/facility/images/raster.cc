#include "facility/images/raster.h"

#include <algorithm>
#include <utility>

namespace tongban::facility {
namespace {

constexpr int kMostSegments = 2000;  // of a file, looked at for EXIF
constexpr int kMostTags = 500;       // of a TIFF directory

uint32_t number_at(std::string_view bytes, size_t at, int size, bool little) {
  uint32_t value = 0;
  for (int i = 0; i < size; ++i) {
    const auto byte = static_cast<uint8_t>(bytes[at + static_cast<size_t>(i)]);
    value |= uint32_t{byte} << (8 * (little ? i : size - 1 - i));
  }
  return value;
}

}  // namespace

void fit(uint32_t longest, uint32_t& width, uint32_t& height) {
  const uint64_t side = std::max(width, height);
  if (side <= longest) return;
  width = std::max<uint32_t>(1, static_cast<uint32_t>(uint64_t{width} * longest / side));
  height = std::max<uint32_t>(1, static_cast<uint32_t>(uint64_t{height} * longest / side));
}

// Source pixel j covers [j·new, (j+1)·new), new pixel i covers [i·old, (i+1)·old): their overlaps are whole numbers, so
// the mean is exact. First along a row, then over rows.
Raster scale_down(const Raster& raster, uint32_t width, uint32_t height) {
  Raster out{width, height, raster.channels, {}};
  out.pixels.resize(out.row_bytes() * height);
  const uint32_t n = raster.channels;
  std::vector<uint32_t> row(size_t{width} * n);
  std::vector<uint64_t> sums(size_t{width} * n, 0);
  uint32_t target = 0;  // row that is being summed
  const auto shrink_row = [&](const uint8_t* source) {
    for (uint32_t i = 0; i < width; ++i) {
      const uint64_t from = uint64_t{i} * raster.width, to = from + raster.width;
      for (uint32_t c = 0; c < n; ++c) {
        uint64_t sum = 0;
        for (uint64_t j = from / width; j * width < to; ++j) {
          const uint64_t overlap = std::min((j + 1) * width, to) - std::max(j * width, from);
          sum += overlap * source[j * n + c];
        }
        row[size_t{i} * n + c] = static_cast<uint32_t>(sum * 256 / raster.width);  // 8 bits behind the point
      }
    }
  };
  for (uint32_t y = 0; y < raster.height; ++y) {
    shrink_row(raster.pixels.data() + raster.row_bytes() * y);
    uint64_t from = uint64_t{y} * height;
    const uint64_t end = from + height;
    while (from < end && target < height) {
      const uint64_t border = (uint64_t{target} + 1) * raster.height;
      const uint64_t overlap = std::min(end, border) - from;
      for (size_t k = 0; k < row.size(); ++k) sums[k] += overlap * row[k];
      from += overlap;
      if (from < border) continue;
      uint8_t* to = out.pixels.data() + out.row_bytes() * target;
      for (size_t k = 0; k < row.size(); ++k) {
        const uint64_t unit = uint64_t{256} * raster.height;
        to[k] = static_cast<uint8_t>(std::min<uint64_t>(255, (sums[k] + unit / 2) / unit));
        sums[k] = 0;
      }
      ++target;
    }
  }
  return out;
}

Raster upright(Raster raster, int orientation) {
  if (orientation < 2 || orientation > 8) return raster;
  const bool turned = orientation >= 5;
  Raster out{turned ? raster.height : raster.width, turned ? raster.width : raster.height, raster.channels, {}};
  out.pixels.resize(raster.pixels.size());
  const uint32_t last_x = raster.width - 1, last_y = raster.height - 1;
  for (uint32_t y = 0; y < out.height; ++y) {
    for (uint32_t x = 0; x < out.width; ++x) {
      uint32_t from_x = turned ? y : x, from_y = turned ? x : y;
      if (orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8) from_x = last_x - from_x;
      if (orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7) from_y = last_y - from_y;
      const uint8_t* source = raster.pixels.data() + raster.row_bytes() * from_y + uint64_t{from_x} * raster.channels;
      std::copy_n(source, raster.channels, out.pixels.data() + out.row_bytes() * y + uint64_t{x} * raster.channels);
    }
  }
  return out;
}

Raster without_alpha(Raster raster) {
  if (raster.channels == 3) return raster;
  Raster out{raster.width, raster.height, 3, {}};
  out.pixels.resize(out.row_bytes() * out.height);
  const size_t count = size_t{raster.width} * raster.height;
  for (size_t i = 0; i < count; ++i) {
    const uint8_t* source = raster.pixels.data() + 4 * i;
    for (size_t c = 0; c < 3; ++c)
      out.pixels[3 * i + c] = static_cast<uint8_t>((source[c] * source[3] + 255 * (255 - source[3])) / 255);
  }
  return out;
}

int tiff_orientation(std::string_view tiff) {
  if (tiff.size() < 8) return 1;
  const bool little = tiff.starts_with("II");
  if (!little && !tiff.starts_with("MM")) return 1;
  const size_t directory = number_at(tiff, 4, 4, little);
  if (directory > tiff.size() || tiff.size() - directory < 2) return 1;
  const auto count = static_cast<int>(number_at(tiff, directory, 2, little));
  for (int i = 0; i < std::min(count, kMostTags); ++i) {
    const size_t at = directory + 2 + static_cast<size_t>(i) * 12;
    if (at + 12 > tiff.size()) return 1;
    if (number_at(tiff, at, 2, little) != 0x0112) continue;
    const auto value = static_cast<int>(number_at(tiff, at + 8, 2, little));
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

int jpeg_orientation(std::string_view bytes) {
  size_t at = 2;
  for (int i = 0; i < kMostSegments && at + 4 <= bytes.size(); ++i) {
    const auto marker = static_cast<uint8_t>(bytes[at + 1]);
    if (bytes[at] != '\xff' || marker == 0xda || marker == 0xd9) return 1;
    const size_t size = number_at(bytes, at + 2, 2, false);
    if (size < 2 || at + 2 + size > bytes.size()) return 1;
    const std::string_view body = bytes.substr(at + 4, size - 2);
    if (marker == 0xe1 && body.starts_with(std::string_view("Exif\0\0", 6))) return tiff_orientation(body.substr(6));
    at += 2 + size;
  }
  return 1;
}

int webp_orientation(std::string_view bytes) {
  size_t at = 12;
  for (int i = 0; i < kMostSegments && at + 8 <= bytes.size(); ++i) {
    const uint64_t size = number_at(bytes, at + 4, 4, true);
    if (size > bytes.size() - at - 8) return 1;
    std::string_view body = bytes.substr(at + 8, size);
    if (bytes.substr(at, 4) == "EXIF") {
      if (body.starts_with(std::string_view("Exif\0\0", 6))) body.remove_prefix(6);
      return tiff_orientation(body);
    }
    at += 8 + size + size % 2;
  }
  return 1;
}

}  // namespace tongban::facility
