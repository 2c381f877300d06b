" Settings for .sedge files: the one layout's indent, its comments, and `gq` by sedge fmt.
if exists("b:did_ftplugin")
  finish
endif
let b:did_ftplugin = 1

setlocal expandtab shiftwidth=2 softtabstop=2 textwidth=100
setlocal commentstring=//\ %s comments=s1:/*,mb:*,ex:*/,://
if executable("sedge")
  setlocal formatprg=sedge\ fmt\ -
  setlocal makeprg=sedge\ check\ %:S errorformat=%f:%l:%c:\ %trror:\ %m,%f:%l:%c:\ %tarning:\ %m,%-G%.%#
endif

let b:undo_ftplugin = "setlocal expandtab< shiftwidth< softtabstop< textwidth< commentstring< comments<"
      \ . " formatprg< makeprg< errorformat<"
