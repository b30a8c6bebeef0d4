(** * Differentiation rules for real functions on a normed space

    Sums, products and compositions, for the derivative at a point ([differential]) and for
    the strict derivative ([ex_strict]), which continuously differentiable functions have
    ([strict_of_C1]). *)

From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics Drift Layered FiniteVectors.
Set Implicit Arguments.
Open Scope R_scope.

Local Notation R1 := R_NormedModule.

(** ** The derivative at a point *)

Section Rules.
Variable U : NM.
Variable p : U.
Definition differential (f l : U -> R) : Prop := filterdiff (U := U) (V := R1) f (locally p) l.

Lemma differential_ext (f l l' : U -> R) : differential f l -> (forall h, l h = l' h) -> differential f l'.
Proof. intros H E. exact (filterdiff_ext_lin f l l' H E). Qed.
Lemma differential_linear (l : U -> R) : is_linear (V := R1) l -> differential l l.
Proof. intros H. now apply filterdiff_linear. Qed.
Lemma differential_const (c : R) : differential (fun _ => c) (fun _ => 0).
Proof. exact (filterdiff_const (c : R1)). Qed.
Lemma differential_plus f g lf lg : differential f lf -> differential g lg ->
  differential (fun z => f z + g z) (fun h => lf h + lg h).
Proof. intros Hf Hg. exact (filterdiff_plus_fct (V := R1) f g lf lg Hf Hg). Qed.
Lemma differential_compose (phi : R -> R) (d : R) f l : differential f l -> is_derive phi (f p) d ->
  differential (fun z => phi (f z)) (fun h => l h * d).
Proof. intros Hf Hphi. exact (@filterdiff_comp' R_AbsRing U R1 R1 f phi p l _ Hf Hphi). Qed.
Lemma differential_times f g lf lg : differential f lf -> differential g lg ->
  differential (fun z => f z * g z) (fun h => lf h * g p + f p * lg h).
Proof. intros Hf Hg. exact (filterdiff_mult_fct (U := U) (K := R_AbsRing) f g p lf lg Rmult_comm Hf Hg). Qed.
Lemma differential_scal (c : R) f l : differential f l -> differential (fun z => c * f z) (fun h => c * l h).
Proof.
intros Hf. eapply differential_ext. exact (differential_times (differential_const c) Hf). intros h. simpl. ring.
Qed.
Lemma differential_sum (B : Type) (names : list B) (f l : B -> U -> R) :
  (forall k, In k names -> differential (f k) (l k)) ->
  differential (fun z => sum_over names (fun k => f k z)) (fun h => sum_over names (fun k => l k h)).
Proof.
induction names as [|k names IH]; intros H; simpl. apply differential_const.
apply differential_plus. apply H; now left. apply IH. intros; apply H; now right.
Qed.
Lemma differential_pair (V W : NM) (f : U -> V) (g : U -> W) lf lg :
  filterdiff f (locally p) lf -> filterdiff g (locally p) lg ->
  filterdiff (V := prod_NormedModule R_AbsRing V W) (fun z => (f z, g z)) (locally p) (fun h => (lf h, lg h)).
Proof.
intros Hf Hg.
assert (Hid : filterdiff (U := prod_NormedModule R_AbsRing V W) (V := prod_NormedModule R_AbsRing V W)
  (fun z => (fst z, snd z)) (locally ((f p, g p) : prod_NormedModule R_AbsRing V W)) (fun z => (fst z, snd z))).
{ apply (filterdiff_ext (fun z : prod_NormedModule R_AbsRing V W => z)). now intros [a b].
  apply (filterdiff_ext_lin _ (fun z : prod_NormedModule R_AbsRing V W => z)). apply filterdiff_id. now intros [a b]. }
exact (@filterdiff_comp'_2 R_AbsRing U V W _ f g (fun a b => (a, b)) p lf lg (fun a b => (a, b)) Hf Hg Hid).
Qed.
End Rules.

Ltac differentiate atom :=
  lazymatch goal with
  | |- @filterdiff _ ?U _ ?f (locally ?p) ?l => change (@differential U p f l); differentiate atom
  | |- @differential ?U ?p (fun z => @?f z + @?g z) _ => apply (@differential_plus U p f g); differentiate atom
  | |- @differential ?U ?p (fun z => @?f z * @?g z) _ => apply (@differential_times U p f g); differentiate atom
  | |- @differential ?U ?p (fun _ => ?c) _ => apply (@differential_const U p c)
  | |- _ => atom
  end.

(** ** The strict derivative *)

Section Strict.
Variables (U : NM) (p : U).
Definition ex_strict (f : U -> R) : Prop := exists l, strictly_differentiable U R1 f p l.

Lemma strict_linear (l : U -> R) : is_linear (V := R1) l -> ex_strict l.
Proof.
intros H. exists l. split. exact H. intros eps. exists (fun _ => True). split. apply filter_forall; auto.
intros x y _ _.
assert (E : minus (minus (l y) (l x)) (l (minus y x)) = zero).
{ assert (X : l (minus y x) = minus (l y) (l x)) by exact (linear_minus l y x H).
  rewrite X. exact (plus_opp_r (minus (l y) (l x) : R1)). }
eapply Rle_trans. right. apply f_equal. exact E.
eapply Rle_trans. right. exact (@norm_zero R_AbsRing R1).
apply Rmult_le_pos. left; apply cond_pos. apply norm_ge_0.
Qed.
Lemma strict_ext (f g : U -> R) : (forall x, f x = g x) -> ex_strict f -> ex_strict g.
Proof.
intros E [l [Hl H]]. exists l. split. exact Hl. intros eps. destruct (H eps) as [near [N1 N2]].
exists near. split. exact N1. intros x y Hx Hy. rewrite <- !E. now apply N2.
Qed.
Lemma strict_const (c : R) : ex_strict (fun _ => c).
Proof.
exists (fun _ => 0). split. exact (@is_linear_zero R_AbsRing U R1).
intros eps. exists (fun _ => True). split. apply filter_forall; auto. intros x y _ _.
change (Rabs (c + - c + - 0) <= eps * norm (minus y x)).
replace (c + - c + - 0) with 0 by ring. rewrite Rabs_R0.
apply Rmult_le_pos. left; apply cond_pos. apply norm_ge_0.
Qed.

(* the remainder, for real values *)
Lemma strict_remainder (f l : U -> R) (eps : posreal) : strictly_differentiable U R1 f p l ->
  exists near, locally p near /\ forall x y, near x -> near y -> Rabs (f y - f x - l (minus y x)) <= eps * norm (minus y x).
Proof. intros [_ H]. exact (H eps). Qed.
Lemma strict_continuous (f l : U -> R) (eps : posreal) : strictly_differentiable U R1 f p l ->
  locally p (fun x => Rabs (f x - f p) < eps).
Proof.
intros H. assert (C : continuous (f : U -> R1) p).
{ apply filterdiff_continuous. exists l. exact (strict_diff H). }
exact (proj1 (@flim_norm U (locally p) _ R1 f (f p)) C eps).
Qed.
Lemma linear_bound (l : U -> R) : is_linear (V := R1) l -> exists M, 0 < M /\ forall h, Rabs (l h) <= M * norm h.
Proof. intros [_ _ H]. exact H. Qed.

Lemma strict_plus (f g : U -> R) : ex_strict f -> ex_strict g -> ex_strict (fun x => f x + g x).
Proof.
intros [lf Hf] [lg Hg]. exists (fun h => lf h + lg h). split.
- assert (L := @is_linear_prod R_AbsRing U R1 R1 _ _ (proj1 Hf) (proj1 Hg)).
  exact (@is_linear_comp R_AbsRing _ _ R1 _ _ L (@is_linear_plus R_AbsRing R1)).
- intros eps. destruct (strict_remainder (pos_div_2 eps) Hf) as [near [N1 N2]].
  destruct (strict_remainder (pos_div_2 eps) Hg) as [near' [N1' N2']].
  exists (fun x => near x /\ near' x). split. now apply filter_and.
  intros x y [X X'] [Y Y']. specialize (N2 x y X Y). specialize (N2' x y X' Y'). simpl in N2, N2'.
  change (Rabs ((f y + g y) + - (f x + g x) + - (lf (minus y x) + lg (minus y x))) <= eps * norm (minus y x)).
  replace ((f y + g y) + - (f x + g x) + - (lf (minus y x) + lg (minus y x)))
    with ((f y - f x - lf (minus y x)) + (g y - g x - lg (minus y x))) by ring.
  eapply Rle_trans. apply Rabs_triang. lra.
Qed.
Lemma strict_times (f g : U -> R) : ex_strict f -> ex_strict g -> ex_strict (fun x => f x * g x).
Proof.
intros [lf Hf] [lg Hg]. exists (fun h => lf h * g p + f p * lg h). split.
- apply (proj1 (@filterdiff_mult_fct R_AbsRing U f g p lf lg Rmult_comm (strict_diff Hf) (strict_diff Hg))).
- intros eps. destruct (linear_bound (proj1 Hf)) as [M [M0 HM]]. destruct (linear_bound (proj1 Hg)) as [M' [M0' HM']].
  set (c := (Rabs (g p) + 1) + M + (Rabs (f p) + 1) + M').
  assert (Hc : 0 < c) by (unfold c; generalize (Rabs_pos (g p)) (Rabs_pos (f p)); lra).
  assert (He : 0 < Rmin 1 (eps / c)) by (apply Rmin_case; [lra | apply Rdiv_lt_0_compat; auto; apply cond_pos]).
  set (e := mkposreal _ He). assert (E1 : e <= 1) by apply Rmin_l. assert (E2 : e * c <= eps).
  { apply Rle_trans with (eps / c * c). apply Rmult_le_compat_r. lra. apply Rmin_r. right; field; lra. }
  destruct (strict_remainder e Hf) as [near [N1 N2]]. destruct (strict_remainder e Hg) as [near' [N1' N2']].
  assert (C := strict_continuous e Hf). assert (C' := strict_continuous e Hg).
  exists (fun x => (near x /\ near' x) /\ (Rabs (f x - f p) < e /\ Rabs (g x - g p) < e)).
  split. { apply filter_and; apply filter_and; auto. }
  intros x y [[X X'] [Fx Gx]] [[Y Y'] [Fy Gy]].
  specialize (N2 x y X Y). specialize (N2' x y X' Y'). specialize (HM (minus y x)). specialize (HM' (minus y x)).
  assert (Hn := norm_ge_0 (minus y x)). set (n := norm (minus y x)) in *.
  set (a := lf (minus y x)) in *. set (b := lg (minus y x)) in *.
  change (Rabs (f y * g y + - (f x * g x) + - (a * g p + f p * b)) <= eps * n).
  replace (f y * g y + - (f x * g x) + - (a * g p + f p * b))
    with ((f y - f x - a) * g y + a * (g y - g p) + f x * (g y - g x - b) + (f x - f p) * b) by ring.
  assert (Hgy : Rabs (g y) <= Rabs (g p) + 1).
  { replace (g y) with (g p + (g y - g p)) by ring. eapply Rle_trans. apply Rabs_triang. lra. }
  assert (Hfx : Rabs (f x) <= Rabs (f p) + 1).
  { replace (f x) with (f p + (f x - f p)) by ring. eapply Rle_trans. apply Rabs_triang. lra. }
  apply Rle_trans with ((e * n) * (Rabs (g p) + 1) + (M * n) * e + (Rabs (f p) + 1) * (e * n) + e * (M' * n)).
  + repeat (eapply Rle_trans; [apply Rabs_triang | apply Rplus_le_compat]);
      rewrite Rabs_mult; apply Rmult_le_compat; try apply Rabs_pos; auto; now left.
  + apply Rle_trans with (e * c * n). unfold c. right; ring. now apply Rmult_le_compat_r.
Qed.
Lemma strict_compose (phi : R -> R) (f : U -> R) :
  (exists d, strictly_differentiable R1 R1 phi (f p) (fun h => h * d)) -> ex_strict f -> ex_strict (fun x => phi (f x)).
Proof.
intros [d Hphi] [lf Hf]. exists (fun h => lf h * d). split.
- exact (@is_linear_comp R_AbsRing U R1 R1 _ _ (proj1 Hf) (proj1 Hphi)).
- intros eps. destruct (linear_bound (proj1 Hf)) as [M [M0 HM]].
  set (c := Rabs d + M + 1). assert (Hc : 0 < c) by (unfold c; generalize (Rabs_pos d); lra).
  assert (He : 0 < Rmin 1 (eps / c)) by (apply Rmin_case; [lra | apply Rdiv_lt_0_compat; auto; apply cond_pos]).
  set (e := mkposreal _ He). assert (E1 : e <= 1) by apply Rmin_l. assert (E2 : e * c <= eps).
  { apply Rle_trans with (eps / c * c). apply Rmult_le_compat_r. lra. apply Rmin_r. right; field; lra. }
  destruct (strict_remainder e Hf) as [near [N1 N2]]. destruct (proj2 Hphi e) as [near' [N1' N2']].
  assert (C : continuous (f : U -> R1) p) by (apply filterdiff_continuous; exists lf; exact (strict_diff Hf)).
  exists (fun x => near x /\ near' (f x)). split. { apply filter_and. exact N1. exact (C _ N1'). }
  intros x y [X X'] [Y Y']. specialize (N2 x y X Y).
  assert (N3 : Rabs (phi (f y) - phi (f x) - (f y - f x) * d) <= e * Rabs (f y - f x)) by exact (N2' (f x) (f y) X' Y').
  specialize (HM (minus y x)). assert (Hn := norm_ge_0 (minus y x)). set (n := norm (minus y x)) in *.
  set (a := lf (minus y x)) in *.
  change (Rabs (phi (f y) + - phi (f x) + - (a * d)) <= eps * n).
  replace (phi (f y) + - phi (f x) + - (a * d))
    with ((phi (f y) - phi (f x) - (f y - f x) * d) + (f y - f x - a) * d) by ring.
  assert (Hd : Rabs (f y - f x) <= (M + 1) * n).
  { replace (f y - f x) with ((f y - f x - a) + a) by ring. eapply Rle_trans. apply Rabs_triang.
    assert (e * n <= 1 * n) by now apply Rmult_le_compat_r. lra. }
  apply Rle_trans with (e * ((M + 1) * n) + (e * n) * Rabs d).
  + eapply Rle_trans. apply Rabs_triang. apply Rplus_le_compat.
    * eapply Rle_trans. exact N3. apply Rmult_le_compat_l; auto. left; apply cond_pos.
    * rewrite Rabs_mult. apply Rmult_le_compat_r; auto. apply Rabs_pos.
  + apply Rle_trans with (e * c * n). unfold c. right; ring. now apply Rmult_le_compat_r.
Qed.
Lemma strict_sum (B : Type) (names : list B) (f : B -> U -> R) :
  (forall k, In k names -> ex_strict (f k)) -> ex_strict (fun x => sum_over names (fun k => f k x)).
Proof.
induction names as [|k names IH]; intros H; simpl. apply strict_const.
apply strict_plus. apply H; now left. apply IH. intros; apply H; now right.
Qed.
End Strict.

Ltac strictly atom :=
  lazymatch goal with
  | |- @ex_strict ?U ?p (fun _ => ?c) => apply (@strict_const U p c)
  | |- @ex_strict ?U ?p (fun z => @?f z + @?g z) => apply (@strict_plus U p f g); strictly atom
  | |- @ex_strict ?U ?p (fun z => @?f z * @?g z) => apply (@strict_times U p f g); strictly atom
  | |- _ => atom
  end.

(** A strict derivative is one in the state too. *)
Lemma strict_in_s (State Param : NM) (G : State * Param -> Param) D s0 th0 :
  strictly_differentiable (prod_NormedModule R_AbsRing State Param) Param G (s0, th0) D ->
  strictly_differentiable_in_s State Param G (dPhi_theta_ds D) s0 th0.
Proof.
intros [_ H] eps. destruct (H eps) as [near [N1 N2]].
apply (@locally_norm_le_locally R_AbsRing (prod_NormedModule R_AbsRing State Param)) in N1. destruct N1 as [d Hd].
assert (Hr : 0 < d / 2) by (generalize (cond_pos d); lra). exists (mkposreal _ Hr). simpl. intros x y v Hx Hy Hv.
assert (I : forall x, norm (minus x s0) < d / 2 -> near (x, v)).
{ intros w Hw. apply Hd. unfold ball_norm.
  change (norm ((minus w s0, minus v th0) : prod_NormedModule R_AbsRing State Param) < d).
  eapply Rle_lt_trans. exact (proj2 (@norm_prod R_AbsRing State Param (minus w s0) (minus v th0))).
  assert (Q : sqrt 2 < 2). { rewrite <- (sqrt_square 2) at 2 by lra. apply sqrt_lt_1; lra. }
  assert (M : Rmax (norm (minus w s0)) (norm (minus v th0)) < d / 2) by now apply Rmax_lub_lt.
  assert (M0 : 0 <= Rmax (norm (minus w s0)) (norm (minus v th0))) by exact (Rle_trans _ _ _ (norm_ge_0 (minus w s0)) (Rmax_l _ _)).
  assert (Q0 := sqrt_pos 2). nra. }
assert (E : minus ((y, v) : prod_NormedModule R_AbsRing State Param) (x, v) = (minus y x, zero)).
{ apply injective_projections. reflexivity. exact (plus_opp_r v). }
assert (Z := N2 (x, v) (y, v) (I x Hx) (I y Hy)). rewrite E in Z.
eapply Rle_trans. exact Z. apply Rmult_le_compat_l. left; apply cond_pos.
right. change (sqrt (norm (minus y x) ^ 2 + norm (zero : Param) ^ 2) = norm (minus y x)).
assert (E0 : norm (zero : Param) = 0) by exact (@norm_zero R_AbsRing Param). rewrite E0.
replace (norm (minus y x) ^ 2 + 0 ^ 2) with (Rsqr (norm (minus y x))) by (unfold Rsqr; ring).
apply sqrt_Rsqr, norm_ge_0.
Qed.

(** A continuously differentiable function of one variable is strictly differentiable: the
    mean value theorem. *)
Lemma strict_of_C1 (phi dphi : R -> R) (v : R) :
  (forall x, is_derive phi x (dphi x)) -> continuous dphi v ->
  strictly_differentiable R1 R1 phi v (fun h => h * dphi v).
Proof.
intros D C. split. { exact (proj1 (D v)). }
intros eps. destruct (proj1 (@flim_norm R (locally v) _ R1 dphi (dphi v)) C eps) as [d Hd].
exists (fun x => Rabs (x - v) < d). split. { exists d. intros x Hx. exact Hx. }
intros x y Hx Hy.
destruct (@MVT_gen phi x y dphi) as [c [Hc E]].
{ intros z _. apply D. }
{ intros z _. apply continuity_pt_filterlim. apply (@filterdiff_continuous R_AbsRing R1 R1). eexists. exact (D z). }
change (Rabs (phi y + - phi x + - ((y + - x) * dphi v)) <= eps * Rabs (y + - x)).
replace (phi y + - phi x + - ((y + - x) * dphi v)) with ((dphi c - dphi v) * (y + - x)).
2: { assert (E' : phi y + - phi x = dphi c * (y - x)) by exact E. rewrite E'. ring. }
rewrite Rabs_mult. apply Rmult_le_compat_r. apply Rabs_pos.
left. apply (Hd c). change (Rabs (c - v) < d).
unfold Rabs in *. destruct (Rcase_abs (x - v)), (Rcase_abs (y - v)), (Rcase_abs (c - v));
  unfold Rmin, Rmax in Hc; destruct (Rle_dec x y); lra.
Qed.
