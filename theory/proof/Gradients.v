(** * Inner products, gradients, and the symmetry of the second derivative

    - [is_inner_product]: a symmetric positive form, linear and continuous in each argument, on a
      normed space; the norm need not come from it, nor the space be complete;
    - [is_gradient ip f p g]: [f] has the derivative [h |-> <g, h>] at [p];
    - [second_derivative_symmetric]: if [H] is the gradient of [Phi] near [p] and is differentiable
      at [p], then its derivative is symmetric.  Differentiability AT the point suffices;
    - [Rn n]: the space [R^(n+1)] with its Euclidean inner product [dot n]. *)

From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits.
Set Implicit Arguments.
Open Scope R_scope.

Section Inner.
Variables (V : NM) (ip : V -> V -> R).
Hypothesis Hip : is_inner_product V ip.
Lemma ipPl x y z : ip (plus x y) z = ip x z + ip y z.
Proof. exact (linear_plus _ (ip_lin Hip z) x y). Qed.
Lemma ipSl k x z : ip (scal (k : R_AbsRing) x) z = k * ip x z.
Proof. exact (linear_scal _ (ip_lin Hip z) k x). Qed.
Lemma ipOl x z : ip (opp x) z = - ip x z.
Proof. exact (linear_opp _ x (ip_lin Hip z)). Qed.
Lemma ipMl x y z : ip (minus x y) z = ip x z - ip y z.
Proof. unfold minus. rewrite ipPl, ipOl. ring. Qed.
Lemma ipPr x y z : ip z (plus x y) = ip z x + ip z y.
Proof. rewrite !(ip_sym Hip z). apply ipPl. Qed.
Lemma ipSr k x z : ip z (scal (k : R_AbsRing) x) = k * ip z x.
Proof. rewrite !(ip_sym Hip z). apply ipSl. Qed.
Lemma ip0r z : ip z zero = 0.
Proof. rewrite (ip_sym Hip z). exact (linear_zero _ (ip_lin Hip z)). Qed.
Lemma ip_ext x y : (forall z, ip x z = ip y z) -> x = y.
Proof.
intros H. destruct (eq_dec (minus x y) zero) as [E|E].
apply plus_reg_r with (opp y). rewrite plus_opp_r. exact E.
exfalso. generalize (ip_pos Hip E). rewrite ipMl, H. lra.
Qed.
End Inner.

(** ** Gradients *)

(** A function has one gradient at most. *)
Lemma gradient_unique (V : NM) ip (f : V -> R) p g1 g2 : is_inner_product V ip ->
  is_gradient V ip f p g1 -> is_gradient V ip f p g2 -> g1 = g2.
Proof. intros Hip H1 H2. apply (ip_ext Hip). exact (filterdiff_lin_unique H1 H2). Qed.

(** ** Symmetry of the second derivative

    Idea: the second difference
    [Phi(p + tk + th) - Phi(p + th) - Phi(p + tk) + Phi(p)] is symmetric in [h] and [k].  The mean
    value theorem along [h], applied to [x |-> Phi(p + tk + xh) - Phi(p + xh)], turns it into
    [t <H(p + tk + ch) - H(p + ch), h>], which is [t^2 <H'(p) k, h>] up to [eps t^2]
    ([second_diff]).  Exchanging [h] and [k] gives the same limit. *)
Section Schwarz.
Variables (V : NM) (ip : V -> V -> R).
Hypothesis Hip : is_inner_product V ip.
Variables (Phi : V -> R) (H DH : V -> V) (p : V).
Hypothesis primitive : locally p (fun z => is_gradient V ip Phi z (H z)).
Hypothesis HH : filterdiff H (locally p) DH.

Lemma line_deriv (q h : V) (x : R) : is_gradient V ip Phi (plus q (scal (x : R_AbsRing) h)) (H (plus q (scal (x : R_AbsRing) h))) ->
  is_derive (fun x : R => Phi (plus q (scal (x : R_AbsRing) h))) x (ip (H (plus q (scal (x : R_AbsRing) h))) h).
Proof.
intros Hg. unfold is_derive.
assert (D : filterdiff (U := R_NormedModule) (fun x : R => plus q (scal (x : R_AbsRing) h)) (locally (x:R)) (fun y : R => scal (y : R_AbsRing) h)).
{ eapply filterdiff_ext_lin.
  apply (@filterdiff_plus_fct R_AbsRing R_NormedModule V (locally (x:R)) _ (fun _ => q) (fun x => scal (x : R_AbsRing) h) (fun _ => zero) (fun y => scal (y : R_AbsRing) h)).
  apply filterdiff_const. apply filterdiff_linear. apply (is_linear_scal_l h).
  intros y. simpl. apply plus_zero_l. }
assert (E := @filterdiff_comp' R_AbsRing R_NormedModule V R_NormedModule _ _ _ _ _ D Hg).
eapply filterdiff_ext_lin. exact E. intros y. simpl. rewrite (ipSr Hip). reflexivity.
Qed.

Lemma second_diff (h k : V) : exists K : R, 0 <= K /\ forall eps : posreal,
  locally' (0:R) (fun t =>
   Rabs (Phi (plus (plus p (scal (t : R_AbsRing) k)) (scal (t : R_AbsRing) h)) - Phi (plus p (scal (t : R_AbsRing) h))
     - Phi (plus p (scal (t : R_AbsRing) k)) + Phi p - t * t * ip (DH k) h) <= eps * K * (t * t)).
Proof.
destruct (ip_lin Hip h) as [_ _ [M [HM0 HM]]].
exists (M * (norm h + norm k + norm h)). split.
{ apply Rmult_le_pos. lra. generalize (norm_ge_0 h) (norm_ge_0 k). intros. apply Rplus_le_le_0_compat. apply Rplus_le_le_0_compat; auto. auto. }
intros eps.
destruct HH as [HDl Hd]. specialize (Hd p (fun P X => X) eps).
generalize (filter_and _ _ primitive Hd). intros HN.
apply (@locally_norm_le_locally R_AbsRing V p) in HN || apply (@locally_le_locally_norm R_AbsRing V p) in HN. destruct HN as [d HN].
assert (Hs : 0 < d / (norm h + norm k + 1)).
{ apply Rdiv_lt_0_compat. apply cond_pos. generalize (norm_ge_0 h) (norm_ge_0 k); lra. }
exists (mkposreal _ Hs). intros t Ht Ht0.
assert (Ht' : Rabs t < d / (norm h + norm k + 1)).
{ replace t with (minus t 0). exact Ht. unfold minus, plus, opp; simpl. ring. }
(* points p + a h + c k with |a|,|c| <= |t| are in the neighbourhood *)
assert (near : forall a c : R, Rabs a <= Rabs t -> Rabs c <= Rabs t ->
   norm (minus (plus (plus p (scal (c : R_AbsRing) k)) (scal (a : R_AbsRing) h)) p) <= Rabs c * norm k + Rabs a * norm h).
{ intros a c _ _.
  replace (minus (plus (plus p (scal (c : R_AbsRing) k)) (scal (a : R_AbsRing) h)) p) with (plus (scal (c : R_AbsRing) k) (scal (a : R_AbsRing) h)) by module V.
  eapply Rle_trans. apply norm_triangle. apply Rplus_le_compat; right; apply norm_scal_R. }
assert (near' : forall a c : R, Rabs a <= Rabs t -> Rabs c <= Rabs t ->
   ball_norm p d (plus (plus p (scal (c : R_AbsRing) k)) (scal (a : R_AbsRing) h))).
{ intros a c Ha Hc. unfold ball_norm. eapply Rle_lt_trans. apply (near a c Ha Hc).
  apply Rle_lt_trans with (Rabs t * norm k + Rabs t * norm h).
  apply Rplus_le_compat; apply Rmult_le_compat_r; auto; apply norm_ge_0.
  apply Rle_lt_trans with (Rabs t * (norm h + norm k + 1)).
  generalize (Rabs_pos t); intros; lra.
  apply (Rmult_lt_compat_r (norm h + norm k + 1)) in Ht'.
  2: generalize (norm_ge_0 h) (norm_ge_0 k); lra.
  eapply Rlt_le_trans. exact Ht'. right. field. generalize (norm_ge_0 h) (norm_ge_0 k); lra. }
set (g := fun x : R => Phi (plus (plus p (scal (t : R_AbsRing) k)) (scal (x : R_AbsRing) h)) - Phi (plus (plus p (scal (0 : R_AbsRing) k)) (scal (x : R_AbsRing) h))).
set (dg := fun x : R => ip (H (plus (plus p (scal (t : R_AbsRing) k)) (scal (x : R_AbsRing) h))) h - ip (H (plus (plus p (scal (0 : R_AbsRing) k)) (scal (x : R_AbsRing) h))) h).
assert (inr : forall x, Rmin 0 t <= x <= Rmax 0 t -> Rabs x <= Rabs t).
{ intros x. unfold Rmin, Rmax, Rabs. destruct (Rle_dec 0 t); destruct (Rcase_abs x); destruct (Rcase_abs t); lra. }
assert (R0t : Rabs 0 <= Rabs t) by (rewrite Rabs_R0; apply Rabs_pos).
assert (Dg : forall x, Rmin 0 t <= x <= Rmax 0 t -> is_derive g x (dg x)).
{ intros x Hx. unfold g, dg. apply (is_derive_minus (V := R_NormedModule)).
  apply line_deriv. apply (HN _ (near' x t (inr x Hx) (Rle_refl _))).
  apply line_deriv. apply (HN _ (near' x 0 (inr x Hx) R0t)). }
destruct (MVT_gen g 0 t dg) as [c [Hc Ec]].
{ intros x Hx. apply Dg. lra. }
{ intros x Hx. apply derivable_continuous_pt. exists (dg x). apply is_derive_Reals. now apply Dg. }
assert (Eg : Phi (plus (plus p (scal (t : R_AbsRing) k)) (scal (t : R_AbsRing) h)) - Phi (plus p (scal (t : R_AbsRing) h))
     - Phi (plus p (scal (t : R_AbsRing) k)) + Phi p = g t - g 0).
{ unfold g.
  replace (plus (plus p (scal (0 : R_AbsRing) k)) (scal (t : R_AbsRing) h)) with (plus p (scal (t : R_AbsRing) h)) by module V.
  replace (plus (plus p (scal (t : R_AbsRing) k)) (scal (0 : R_AbsRing) h)) with (plus p (scal (t : R_AbsRing) k)) by module V.
  replace (plus (plus p (scal (0 : R_AbsRing) k)) (scal (0 : R_AbsRing) h)) with p by module V.
  ring. }
rewrite Eg, Ec. clear Eg Ec.
set (z1 := plus (plus p (scal (t : R_AbsRing) k)) (scal (c : R_AbsRing) h)) in *.
set (z2 := plus (plus p (scal (0 : R_AbsRing) k)) (scal (c : R_AbsRing) h)) in *.
assert (Hct := inr c Hc).
destruct (HN _ (near' c t Hct (Rle_refl _))) as [_ N1].
destruct (HN _ (near' c 0 Hct R0t)) as [_ N2].
fold z1 in N1. fold z2 in N2.
assert (Q1 := near c t Hct (Rle_refl _)). assert (Q2 := near c 0 Hct R0t). fold z1 in Q1. fold z2 in Q2.
set (r1 := minus (minus (H z1) (H p)) (DH (minus z1 p))) in *.
set (r2 := minus (minus (H z2) (H p)) (DH (minus z2 p))) in *.
assert (ED : DH (minus z1 p) = plus (scal (t : R_AbsRing) (DH k)) (DH (minus z2 p))).
{ replace (minus z1 p) with (plus (scal (t : R_AbsRing) k) (minus z2 p)) by (unfold z1, z2; module V).
  assert (X1 := linear_plus _ HDl (scal (t : R_AbsRing) k) (minus z2 p)).
  assert (X2 := linear_scal _ HDl (t : R_AbsRing) k).
  etransitivity. exact X1. apply (f_equal (fun w => plus w _)). exact X2. }
assert (EH : minus (H z1) (H z2) = plus (scal (t : R_AbsRing) (DH k)) (minus r1 r2)).
{ unfold r1, r2. rewrite ED. module V. }
assert (Edg : dg c = t * ip (DH k) h + ip (minus r1 r2) h).
{ unfold dg. rewrite <- (ipMl Hip). fold z1 z2. rewrite EH, (ipPl Hip), (ipSl Hip). reflexivity. }
rewrite Edg.
replace ((t * ip (DH k) h + ip (minus r1 r2) h) * (t - 0) - t * t * ip (DH k) h) with (ip (minus r1 r2) h * t) by ring.
rewrite Rabs_mult.
assert (P1 : norm r1 <= eps * (Rabs t * norm k + Rabs t * norm h)).
{ eapply Rle_trans. exact N1. apply Rmult_le_compat_l. left; apply cond_pos. eapply Rle_trans. exact Q1.
  apply Rplus_le_compat_l. apply Rmult_le_compat_r; auto. apply norm_ge_0. }
assert (P2 : norm r2 <= eps * (Rabs t * norm h)).
{ eapply Rle_trans. exact N2. apply Rmult_le_compat_l. left; apply cond_pos. eapply Rle_trans. exact Q2.
  rewrite Rabs_R0, Rmult_0_l, Rplus_0_l. apply Rmult_le_compat_r; auto. apply norm_ge_0. }
assert (P3 : norm (minus r1 r2) <= eps * (Rabs t * norm k + Rabs t * norm h) + eps * (Rabs t * norm h)).
{ eapply Rle_trans. apply norm_triangle. apply Rplus_le_compat. exact P1.
  eapply Rle_trans. right; apply norm_opp. exact P2. }
assert (P4 : Rabs (ip (minus r1 r2) h) <= M * norm (minus r1 r2)) by apply HM.
apply Rle_trans with (M * (eps * (Rabs t * norm k + Rabs t * norm h) + eps * (Rabs t * norm h)) * Rabs t).
apply Rmult_le_compat_r. apply Rabs_pos.
eapply Rle_trans. exact P4. apply Rmult_le_compat_l; lra.
right. replace (t * t) with (Rabs t * Rabs t). ring.
rewrite <- Rabs_mult. apply Rabs_right. nra.
Qed.

Theorem second_derivative_symmetric (h k : V) : ip (DH k) h = ip k (DH h).
Proof.
rewrite (ip_sym Hip k).
destruct (second_diff h k) as [K1 [HK1 E1]]. destruct (second_diff k h) as [K2 [HK2 E2]].
apply Req_lt_aux. intros eps.
assert (He : 0 < eps / 2 / (K1 + K2 + 1)).
{ apply Rdiv_lt_0_compat. generalize (cond_pos eps); lra. lra. }
set (eta := mkposreal _ He).
destruct (filter_and _ _ (E1 eta) (E2 eta)) as [d Hd].
assert (Hdp := cond_pos d).
destruct (Hd (d / 2)) as [B1 B2].
{ change (Rabs (d / 2 + - 0) < d). rewrite Rabs_right; lra. }
lra.
set (t := d / 2) in *. assert (Ht : 0 < t * t) by (unfold t; nra).
replace (plus (plus p (scal (t : R_AbsRing) h)) (scal (t : R_AbsRing) k)) with (plus (plus p (scal (t : R_AbsRing) k)) (scal (t : R_AbsRing) h)) in B2 by module V.
set (X := Phi (plus (plus p (scal (t : R_AbsRing) k)) (scal (t : R_AbsRing) h))) in *.
set (Y := Phi (plus p (scal (t : R_AbsRing) h))) in *. set (W := Phi (plus p (scal (t : R_AbsRing) k))) in *.
assert (B3 : t * t * Rabs (ip (DH k) h - ip (DH h) k) <= eta * (K1 + K2) * (t * t)).
{ rewrite <- (Rabs_right (t * t)) at 1 by lra. rewrite <- Rabs_mult.
  replace (t * t * (ip (DH k) h - ip (DH h) k)) with
   ((X - W - Y + Phi p - t * t * ip (DH h) k) + - (X - Y - W + Phi p - t * t * ip (DH k) h)) by ring.
  eapply Rle_trans. apply Rabs_triang. rewrite Rabs_Ropp. lra. }
assert (B4 : Rabs (ip (DH k) h - ip (DH h) k) <= eta * (K1 + K2)).
{ apply Rmult_le_reg_l with (t * t); auto. lra. }
eapply Rle_lt_trans. exact B4. unfold eta; simpl.
apply Rle_lt_trans with (eps / 2). 2: generalize (cond_pos eps); lra.
apply Rle_trans with (eps / 2 / (K1 + K2 + 1) * (K1 + K2 + 1)).
apply Rmult_le_compat_l; lra. right; field; lra.
Qed.
End Schwarz.

(** The inner product is linear and continuous in its second argument too. *)
Lemma ip_is_linear (V : NM) ip g : is_inner_product V ip -> is_linear (V := R_NormedModule) (fun h => ip g h).
Proof.
intros H. destruct (ip_lin H g) as [l1 l2 [M [M0 HM]]]. split.
intros x y. rewrite !(ip_sym H g). apply l1. intros k x. rewrite !(ip_sym H g). apply l2.
exists M. split; auto. intros x. rewrite (ip_sym H g). apply HM.
Qed.
