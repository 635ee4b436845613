// Ends well where AMX can be used as llama.cpp uses it: a description of the tiles on the stack, then a tile.
#include <cstdint>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

constexpr long REQUEST_PERMISSION = 0x1023, TILE_DATA = 18;  // arch_prctl(2)

struct Tiles {
    std::uint8_t palette = 0, start_row = 0, reserved[14] = {};
    std::uint16_t bytes_per_row[16] = {};
    std::uint8_t rows[16] = {};
};

int main() {
    if (syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA)) return 1;
    alignas(64) Tiles tiles;
    tiles.palette = 1;
    tiles.bytes_per_row[4] = 64;
    tiles.rows[4] = 16;
    _tile_loadconfig(&tiles);
    _tile_zero(4);
    _tile_release();
    return 0;
}
