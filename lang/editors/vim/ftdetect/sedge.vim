" Files that end in .sedge are sedge's.
autocmd BufNewFile,BufRead *.sedge setfiletype sedge
