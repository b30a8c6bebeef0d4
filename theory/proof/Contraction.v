(** * Contractions of complete spaces

    Banach's fixed point, with its rate, on a closed region; and the mean value inequality, by
    which a bound on the derivative makes a contraction. *)

From Coq Require Import Reals Lra Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Spaces Dynamics Network Vocabulary Algebra Limits Gradients.
Set Implicit Arguments.
Open Scope R_scope.

(** ** Completeness *)

Lemma complete_R : complete R_NormedModule.
Proof.
intros u Hu. destruct (proj2 (ex_lim_seq_cauchy_corr u)) as [l Hl].
- intros eps. destruct (Hu eps) as [n Hn]. exists n. intros p q Hp Hq. exact (Hn p q Hp Hq).
- exists l. intros eps. apply is_lim_seq_Reals in Hl. destruct (Hl eps (cond_pos eps)) as [n Hn].
  exists n. intros p Hp. exact (Hn p Hp).
Qed.
Lemma norm_pair (U V : NM) (z : prod_NormedModule R_AbsRing U V) :
  norm (fst z) <= norm z /\ norm (snd z) <= norm z /\ norm z <= norm (fst z) + norm (snd z).
Proof.
destruct z as [x y]. simpl fst; simpl snd.
assert (Hx := norm_ge_0 x). assert (Hy := norm_ge_0 y).
change (norm ((x, y) : prod_NormedModule R_AbsRing U V)) with (sqrt (norm x ^ 2 + norm y ^ 2)).
assert (0 <= norm x ^ 2) by apply pow2_ge_0. assert (0 <= norm y ^ 2) by apply pow2_ge_0.
split; [|split].
- rewrite <- (sqrt_pow2 (norm x)) at 1 by exact Hx. apply sqrt_le_1_alt. lra.
- rewrite <- (sqrt_pow2 (norm y)) at 1 by exact Hy. apply sqrt_le_1_alt. lra.
- rewrite <- (sqrt_pow2 (norm x + norm y)) by lra. apply sqrt_le_1_alt. nra.
Qed.
Lemma complete_prod (U V : NM) : complete U -> complete V -> complete (prod_NormedModule R_AbsRing U V).
Proof.
intros HU HV w Hw.
assert (N : forall p q, norm (minus (fst (w p)) (fst (w q))) <= norm (minus (w p) (w q)) /\
                        norm (minus (snd (w p)) (snd (w q))) <= norm (minus (w p) (w q))).
{ intros p q. destruct (norm_pair (minus (w p) (w q))) as [A [B _]]. split; assumption. }
destruct (HU (fun i => fst (w i))) as [x Hx].
{ intros eps. destruct (Hw eps) as [n Hn]. exists n. intros p q Hp Hq. eapply Rle_lt_trans. apply (N p q). now apply Hn. }
destruct (HV (fun i => snd (w i))) as [y Hy].
{ intros eps. destruct (Hw eps) as [n Hn]. exists n. intros p q Hp Hq. eapply Rle_lt_trans. apply (N p q). now apply Hn. }
exists (x, y). intros eps.
assert (He : 0 < eps / 2) by (generalize (cond_pos eps); lra).
destruct (Hx (mkposreal _ He)) as [n1 H1]. destruct (Hy (mkposreal _ He)) as [n2 H2]. exists (max n1 n2). intros p Hp.
eapply Rle_lt_trans. apply (norm_pair (minus (w p) (x, y))).
assert (A := H1 p ltac:(lia)). assert (B := H2 p ltac:(lia)). simpl in A, B.
change (norm (minus (fst (w p)) x) + norm (minus (snd (w p)) y) < eps). lra.
Qed.
(** So the spaces [R^n] of the concrete networks are complete. *)
Lemma complete_Rn n : complete (Rn n).
Proof. induction n as [|n IH]. exact complete_R. simpl. apply complete_prod. exact complete_R. exact IH. Qed.

Lemma closed_ball (V : NM) (center : V) (r : R) : closed_region V (fun x => norm (minus x center) <= r).
Proof.
intros u l Hu Hl. apply Rnot_lt_le. intros H.
assert (He : 0 < norm (minus l center) - r) by lra.
destruct (Hl (mkposreal _ He)) as [n Hn]. specialize (Hn n (le_n n)). simpl in Hn.
assert (T : norm (minus l center) <= norm (minus (u n) center) + norm (minus (u n) l)).
{ replace (minus l center) with (plus (minus (u n) center) (opp (minus (u n) l))) by module V.
  eapply Rle_trans. apply norm_triangle. rewrite norm_opp. lra. }
specialize (Hu n). lra.
Qed.

(** ** Banach's fixed point *)

Section FixedPoint.
Variable V : NM.
Variables (f : V -> V) (region : V -> Prop) (c : R).
Hypothesis V_complete : complete V.
Hypothesis c_bounds : 0 <= c < 1.
Hypothesis region_closed : closed_region V region.
Hypothesis stays : forall x, region x -> region (f x).
Hypothesis contraction : forall x y, region x -> region y -> norm (minus (f x) (f y)) <= c * norm (minus x y).

Lemma iterates_stay x i : region x -> region (iterate f i x).
Proof. intros Hx. induction i as [|i IH]; simpl; auto. Qed.
Lemma iterates_contract x y i : region x -> region y -> norm (minus (iterate f i x) (iterate f i y)) <= c ^ i * norm (minus x y).
Proof.
intros Hx Hy. induction i as [|i IH]; simpl. lra.
eapply Rle_trans. apply contraction; now apply iterates_stay.
rewrite Rmult_assoc. apply Rmult_le_compat_l. lra. exact IH.
Qed.
Lemma iterate_add i j x : iterate f (i + j) x = iterate f i (iterate f j x).
Proof. induction i as [|i IH]; simpl. reflexivity. now rewrite IH. Qed.
Lemma from_the_start x j : region x -> norm (minus (iterate f j x) x) <= norm (minus (f x) x) / (1 - c).
Proof.
intros Hx. apply Rle_div_r. lra.
assert (D := norm_ge_0 (minus (f x) x)).
assert (B : norm (minus (iterate f j x) x) * (1 - c) <= (1 - c ^ j) * norm (minus (f x) x)).
{ induction j as [|j IH].
  - simpl. assert (E : minus x x = zero) by module V. rewrite E, norm_zero. lra.
  - assert (S1 : norm (minus (iterate f (S j) x) x) <= norm (minus (iterate f j x) x) + c ^ j * norm (minus (f x) x)).
    { replace (minus (iterate f (S j) x) x) with (plus (minus (iterate f j x) x) (minus (iterate f (S j) x) (iterate f j x))) by module V.
      eapply Rle_trans. apply norm_triangle. apply Rplus_le_compat_l.
      replace (S j) with (j + 1)%nat by lia. rewrite iterate_add. now apply iterates_contract; [apply stays|]. }
    assert (P : 0 <= c ^ j) by (apply pow_le; lra). simpl pow. nra. }
assert (P : 0 <= c ^ j) by (apply pow_le; lra). nra.
Qed.

Theorem fixed_point (start : V) : region start ->
  exists s, region s /\ f s = s /\ (forall x, region x -> f x = x -> x = s) /\
    forall x i, region x -> norm (minus (iterate f i x) s) <= c ^ i * norm (minus x s) /\
                            norm (minus x s) <= norm (minus (f x) x) / (1 - c).
Proof.
intros H0. set (K := norm (minus (f start) start) / (1 - c)).
assert (K0 : 0 <= K) by (apply Rdiv_le_0_compat; [apply norm_ge_0 | lra]).
assert (small : forall eps : posreal, exists n, c ^ n * K < eps).
{ intros eps. assert (He : 0 < eps / (K + 1)) by (apply Rdiv_lt_0_compat; [apply cond_pos | lra]).
  assert (L := is_lim_seq_geom c). rewrite Rabs_right in L by lra. specialize (L ltac:(lra)).
  apply is_lim_seq_Reals in L. destruct (L _ He) as [n Hn]. exists n. specialize (Hn n (le_n n)).
  unfold R_dist in Hn. rewrite Rminus_0_r, Rabs_right in Hn by (apply Rle_ge, pow_le; lra).
  apply (Rmult_lt_compat_r (K + 1)) in Hn; [|lra]. replace (eps / (K + 1) * (K + 1)) with (eps : R) in Hn by (field; lra).
  assert (0 <= c ^ n) by (apply pow_le; lra). lra. }
assert (tail : forall n j, norm (minus (iterate f (n + j) start) (iterate f n start)) <= c ^ n * K).
{ intros n j. rewrite iterate_add. eapply Rle_trans. apply iterates_contract; auto. now apply iterates_stay.
  apply Rmult_le_compat_l. apply pow_le; lra. now apply from_the_start. }
destruct (V_complete (fun i => iterate f i start)) as [s Hs].
{ intros eps. assert (He : 0 < eps / 2) by (generalize (cond_pos eps); lra). destruct (small (mkposreal _ He)) as [n Hn]. simpl in Hn.
  exists n. intros p q Hp Hq.
  replace (minus (iterate f p start) (iterate f q start)) with
    (plus (minus (iterate f p start) (iterate f n start)) (opp (minus (iterate f q start) (iterate f n start)))) by module V.
  eapply Rle_lt_trans. apply norm_triangle. rewrite norm_opp.
  replace p with (n + (p - n))%nat by lia. replace q with (n + (q - n))%nat by lia.
  assert (A := tail n (p - n)%nat). assert (B := tail n (q - n)%nat). lra. }
assert (Rs : region s) by exact (@region_closed (fun i => iterate f i start) s (fun i => iterates_stay i H0) Hs).
assert (zero_norm : forall x : V, (forall eps : posreal, norm x <= eps) -> x = zero).
{ intros x Hx. apply norm_eq_zero. apply Rle_antisym; [|apply norm_ge_0]. apply le_epsilon. intros e He.
  rewrite Rplus_0_l. exact (Hx (mkposreal e He)). }
assert (Fs : f s = s).
{ assert (Z : minus (f s) s = zero).
  { apply zero_norm. intros eps. assert (He : 0 < eps / 2) by (generalize (cond_pos eps); lra).
    destruct (Hs (mkposreal _ He)) as [n Hn]. simpl in Hn.
    assert (A := Hn n (le_n n)). assert (B := Hn (S n) ltac:(lia)). simpl iterate in B.
    assert (C := @contraction (iterate f n start) s ltac:(now apply iterates_stay) Rs).
    replace (minus (f s) s) with (plus (minus (f (iterate f n start)) s) (opp (minus (f (iterate f n start)) (f s)))) by module V.
    eapply Rle_trans. apply norm_triangle. rewrite norm_opp. assert (Q := norm_ge_0 (minus (iterate f n start) s)). nra. }
  replace (f s) with (plus (minus (f s) s) s) by module V. rewrite Z. apply plus_zero_l. }
assert (stuck : forall i, iterate f i s = s) by (intros i; induction i as [|i IH]; simpl; congruence).
exists s. split. exact Rs. split. exact Fs. split.
- intros x Hx Fx. assert (C := contraction Hx Rs). rewrite Fx, Fs in C.
  assert (Q := norm_ge_0 (minus x s)). assert (Z : norm (minus x s) = 0) by nra. apply norm_eq_zero in Z.
  replace x with (plus (minus x s) s) by module V. rewrite Z. apply plus_zero_l.
- intros x i Hx. split.
  + assert (C := @iterates_contract x s i Hx Rs). now rewrite stuck in C.
  + apply Rle_div_r. lra. assert (C := contraction Hx Rs). rewrite Fs in C.
    assert (T : norm (minus x s) <= norm (minus (f x) x) + norm (minus (f x) s)).
    { replace (minus x s) with (plus (opp (minus (f x) x)) (minus (f x) s)) by module V.
      eapply Rle_trans. apply norm_triangle. rewrite norm_opp. lra. }
    lra.
Qed.
End FixedPoint.

(** ** The mean value inequality *)

Section MeanValue.
Variable V : NM.
Variables (f : R -> V) (df : R -> V) (M : R).
Hypothesis M_pos : 0 <= M.
Hypothesis derivative : forall x, 0 <= x <= 1 -> is_derive (K := R_AbsRing) f x (df x).
Hypothesis bounded : forall x, 0 <= x <= 1 -> norm (df x) <= M.

(* near a point, the slope is at most M + eps *)
Lemma slope_near (x : R) (eps : posreal) : 0 <= x <= 1 ->
  exists del : posreal, forall y, Rabs (y - x) < del -> norm (minus (f y) (f x)) <= (M + eps) * Rabs (y - x).
Proof.
intros Hx. destruct (derivative Hx) as [_ D]. specialize (D x (fun P X => X) eps).
destruct D as [del D]. exists del. intros y Hy. specialize (D y Hy).
change (norm (minus (minus (f y) (f x)) (scal (y - x : R_AbsRing) (df x))) <= eps * Rabs (y - x)) in D.
replace (minus (f y) (f x)) with (plus (minus (minus (f y) (f x)) (scal (y - x : R_AbsRing) (df x))) (scal (y - x : R_AbsRing) (df x))) by module V.
eapply Rle_trans. apply norm_triangle. rewrite norm_scal_R.
assert (A := Rabs_pos (y - x)). assert (B := bounded Hx).
assert (Rabs (y - x) * norm (df x) <= Rabs (y - x) * M) by (now apply Rmult_le_compat_l). lra.
Qed.
Lemma mean_value : norm (minus (f 1) (f 0)) <= M.
Proof.
apply le_epsilon. intros e He. set (eps := mkposreal e He).
set (E := fun x => 0 <= x <= 1 /\ forall y, 0 <= y <= x -> norm (minus (f y) (f 0)) <= (M + eps) * y).
destruct (completeness E) as [s [Hub Hlub]].
{ exists 1. intros x [Hx _]. lra. }
{ exists 0. split. lra. intros y Hy. replace y with 0 by lra.
  assert (Z : minus (f 0) (f 0) = zero) by module V. rewrite Z, norm_zero. lra. }
assert (s01 : 0 <= s <= 1).
{ split. apply Hub. split. lra. intros y Hy. replace y with 0 by lra.
  assert (Z : minus (f 0) (f 0) = zero) by module V. rewrite Z, norm_zero. lra.
  apply Hlub. intros x [Hx _]. lra. }
assert (below : forall y, 0 <= y < s -> norm (minus (f y) (f 0)) <= (M + eps) * y).
{ intros y Hy. apply Rnot_lt_le. intros H. assert (is_upper_bound E y).
  { intros x [Hx1 Hx2]. apply Rnot_lt_le. intros H'. specialize (Hx2 y ltac:(lra)). lra. }
  specialize (Hlub y H0). lra. }
destruct (slope_near eps s01) as [del Hdel]. assert (dp := cond_pos del).
assert (Es : E s).
{ split. exact s01. intros y Hy. destruct (Rlt_dec y s) as [H | H]. apply below; lra.
  replace y with s by lra. destruct (Req_dec s 0) as [-> | Hs].
  - assert (Z : minus (f 0) (f 0) = zero) by module V. rewrite Z, norm_zero. lra.
  - set (x := Rmax 0 (s - del / 2)).
    assert (Hx : 0 <= x < s /\ s - x < del).
    { unfold x. unfold Rmax. destruct (Rle_dec 0 (s - del / 2)); lra. }
    assert (A := Hdel x ltac:(rewrite Rabs_left1; lra)). rewrite Rabs_left1 in A by lra.
    assert (B := below x ltac:(lra)).
    replace (minus (f s) (f 0)) with (plus (opp (minus (f x) (f s))) (minus (f x) (f 0))) by module V.
    eapply Rle_trans. apply norm_triangle. rewrite norm_opp. lra. }
destruct (Rlt_dec s 1) as [H | H].
- exfalso. set (x := Rmin 1 (s + del / 2)).
  assert (Hx : s < x <= 1 /\ x - s < del) by (unfold x, Rmin; destruct (Rle_dec 1 (s + del / 2)); lra).
  assert (Ex : E x).
  { split. lra. intros y Hy. destruct (Rle_dec y s) as [Hys | Hys]. apply Es; lra.
    assert (A := Hdel y ltac:(rewrite Rabs_right; lra)). rewrite Rabs_right in A by lra.
    assert (B := proj2 Es s ltac:(lra)).
    replace (minus (f y) (f 0)) with (plus (minus (f y) (f s)) (minus (f s) (f 0))) by module V.
    eapply Rle_trans. apply norm_triangle. lra. }
  specialize (Hub x Ex). lra.
- assert (B := proj2 Es 1 ltac:(lra)). unfold eps in B. simpl in B. lra.
Qed.
End MeanValue.

(** A bound on the derivative in a convex region is a Lipschitz constant there. *)
Theorem lipschitz_from_derivative (U V : NM) (f : U -> V) (Df : U -> U -> V) (region : U -> Prop) (c : R) : 0 <= c ->
  (forall x y (r : R), region x -> region y -> 0 <= r <= 1 -> region (plus x (scal (r : R_AbsRing) (minus y x)))) ->
  (forall x, region x -> filterdiff f (locally x) (Df x) /\ forall w, norm (Df x w) <= c * norm w) ->
  forall x y, region x -> region y -> norm (minus (f y) (f x)) <= c * norm (minus y x).
Proof.
intros Hc convex D x y Hx Hy.
set (path := fun r : R => plus x (scal (r : R_AbsRing) (minus y x))).
assert (P0 : path 0 = x) by (unfold path; module U). assert (P1 : path 1 = y) by (unfold path; module U).
rewrite <- P0 at 1. rewrite <- P1 at 1.
apply (@mean_value V (fun r => f (path r)) (fun r => Df (path r) (minus y x))).
- intros r Hr. destruct (D (path r) (convex x y r Hx Hy Hr)) as [Dr _].
  assert (Pd : filterdiff path (locally r) (fun a : R => scal (a : R_AbsRing) (minus y x))).
  { unfold path. apply filterdiff_ext_lin with (fun a : R_AbsRing => plus zero (scal a (minus y x))).
    apply (@filterdiff_plus_fct R_AbsRing R_NormedModule U (locally r) _ (fun _ => x) (fun a : R_AbsRing => scal a (minus y x))
      (fun _ => zero) (fun a : R_AbsRing => scal a (minus y x))).
    apply filterdiff_const. apply filterdiff_linear. apply (@is_linear_scal_l R_AbsRing U).
    intros a. apply plus_zero_l. }
  unfold is_derive. eapply filterdiff_ext_lin.
  apply (@filterdiff_comp' R_AbsRing R_NormedModule U V path f r _ _ Pd Dr).
  intros a. simpl. exact (linear_scal _ (proj1 Dr) (a : R_AbsRing) (minus y x)).
- intros r Hr. apply (D (path r) (convex x y r Hx Hy Hr)).
Qed.
