// Pixels in memory, and what is done to them. Private to images.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace tongban::facility {

struct Raster {
  uint32_t width = 0, height = 0;
  uint32_t channels = 3;  // 3: RGB, 4: RGBA
  std::vector<uint8_t> pixels;

  uint64_t row_bytes() const { return uint64_t{width} * channels; }
};

// The size with the longer side at most `longest`; never larger than given, at least 1 by 1.
void fit(uint32_t longest, uint32_t& width, uint32_t& height);
// Each new pixel is the mean of the area that it covers. The new size is at most the old one.
Raster scale_down(const Raster& raster, uint32_t width, uint32_t height);
// Undoes an EXIF orientation (1 to 8; another value leaves the picture).
Raster upright(Raster raster, int orientation);
// RGB on white.
Raster without_alpha(Raster raster);

// The orientation in a TIFF block (the body of EXIF); 1 when there is none or the block is broken.
int tiff_orientation(std::string_view tiff);
int jpeg_orientation(std::string_view bytes);
int webp_orientation(std::string_view bytes);

}  // namespace tongban::facility
